import type { RequestHead } from "@heddle/engine/message";
import type { TokenPlace } from "./config.ts";

/**
 * Looks for a token in all the places that any issuer has. Two tokens, or two Authorization headers, are ambiguous
 * wherever they are: the backend might look at the other one (threats 14).
 */
export class TokenReader {
  readonly places: readonly TokenPlace[];
  /** What the last `read` that returned 1 found, and the place's index. Valid until the next one. */
  token = "";
  place = -1;

  constructor(places: readonly TokenPlace[]) {
    this.places = places;
  }

  /** How many tokens there are. */
  read(request: RequestHead): number {
    let count = 0;
    for (let at = 0; at < this.places.length; at++) {
      const found = valuesAt(request, this.places[at]);
      if (found.length === 0) continue;
      count += found.length;
      this.token = found[0];
      this.place = at;
    }
    return count;
  }

  /** The index of a place by its `placeKey`; -1 where it is none of these. */
  indexOf(key: string): number {
    return this.places.findIndex((place) => placeKey(place) === key);
  }

  /** Takes what was found at a place out of the request. */
  remove(request: RequestHead, place: number): void {
    const { in: kind, name } = this.places[place];
    if (kind === "header") request.fields.delete(name);
    else if (kind === "cookie") removeCookie(request, name);
    else request.query = withoutParameter(request.query, name);
  }
}

/** Equal for equal places. */
export const placeKey = (place: TokenPlace): string => JSON.stringify([place.in, place.name, place.prefix]);

const none: readonly string[] = [];

function valuesAt(request: RequestHead, { in: kind, name, prefix }: TokenPlace): readonly string[] {
  if (kind === "query") return request.query.length < 2 ? none : parametersOf(request.query, name);
  if (kind === "cookie") return cookiesOf(request, name);
  const values = request.fields.getAll(name);
  if (prefix === "" || values.length === 0) return values;
  // Two headers of one scheme each are two all the same: which of them holds is not ours to say.
  if (values.length > 1) return values;
  const token = afterPrefix(values[0], prefix);
  return token === null ? none : [token];
}

/** Null: it has another scheme. "Bearer" without a token is a bad one. */
function afterPrefix(value: string, prefix: string): string | null {
  const start = value.slice(0, prefix.length);
  if (start === prefix || start.toLowerCase() === prefix.toLowerCase())
    return value.slice(prefix.length).trim();
  return value.toLowerCase() === prefix.trim().toLowerCase() ? "" : null;
}

function cookiesOf(request: RequestHead, name: string): readonly string[] {
  const lines = request.fields.getAll("cookie");
  if (lines.length === 0) return none;
  const found: string[] = [];
  for (const line of lines) {
    for (const pair of line.split(";")) {
      if (cookieName(pair) === name) found.push(unquoted(pair.slice(pair.indexOf("=") + 1).trim()));
    }
  }
  return found;
}

/** The name of `name=value`; "" where there is none. */
const cookieName = (pair: string): string => pair.slice(0, Math.max(0, pair.indexOf("="))).trim();

/** RFC 6265 section 4.1.1: a value may stand in quotes. */
function unquoted(value: string): string {
  return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}

function removeCookie(request: RequestHead, name: string): void {
  const kept = request.fields
    .getAll("cookie")
    .map((line) =>
      line
        .split(";")
        .filter((pair) => cookieName(pair) !== name)
        .map((pair) => pair.trim())
        .join("; "),
    )
    .filter((line) => line !== "");
  request.fields.delete("cookie");
  for (const line of kept) request.fields.add("cookie", line);
}

function parametersOf(query: string, name: string): readonly string[] {
  return query
    .slice(1)
    .split("&")
    .filter((part) => parameterName(part) === name)
    .map((part) => (part.includes("=") ? part.slice(part.indexOf("=") + 1) : ""));
}

function withoutParameter(query: string, name: string): string {
  const kept = query
    .slice(1)
    .split("&")
    .filter((part) => parameterName(part) !== name);
  return kept.length === 0 ? "" : `?${kept.join("&")}`;
}

/** As a backend reads it: "access%5Ftoken" is the same name. */
function parameterName(part: string): string {
  const equals = part.indexOf("=");
  const name = (equals < 0 ? part : part.slice(0, equals)).replaceAll("+", " ");
  if (!name.includes("%")) return name;
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
