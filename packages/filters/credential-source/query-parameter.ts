import { AMBIGUOUS } from "./config.ts";

/** The value of a parameter of a query ("?a=1&b=2"), decoded; AMBIGUOUS where it is there several times. */
export function readParameter(query: string, name: string): string | typeof AMBIGUOUS | undefined {
  let found: string | undefined;
  for (const part of query.slice(1).split("&")) {
    if (nameOf(part) !== name) continue;
    if (found !== undefined) return AMBIGUOUS;
    const equals = part.indexOf("=");
    found = equals < 0 ? "" : decode(part.slice(equals + 1));
  }
  return found;
}

/** The query without a parameter; the others stay as they are written. */
export function withoutParameter(query: string, name: string): string {
  const kept = query
    .slice(1)
    .split("&")
    .filter((part) => nameOf(part) !== name);
  return kept.length === 0 ? "" : `?${kept.join("&")}`;
}

/** "api%5Fkey" is "api_key" to an upstream, so it is here. */
function nameOf(part: string): string {
  const equals = part.indexOf("=");
  return decode(equals < 0 ? part : part.slice(0, equals));
}

/** As forms are (application/x-www-form-urlencoded); what cannot be decoded stays as it is. */
function decode(text: string): string {
  if (!text.includes("%") && !text.includes("+")) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}
