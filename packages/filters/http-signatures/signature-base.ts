import type { Exchange } from "@heddle/engine/message";
import { parseDictionary, serializeMember, serializeParameters } from "../structured-fields/index.ts";
import type { InnerList, Parameters } from "../structured-fields/index.ts";

/**
 * What a signature was made over (RFC 9421 section 2.5), read off the request as the client sent it: before filters of
 * the route change it. Null where a component is not there, is there twice, or is not one of a request.
 */
export function signatureBase(exchange: Exchange, input: InnerList): string | null {
  const seen = new Set<string>();
  let base = "";
  for (const item of input.items) {
    const identifier = serializeMember(item);
    if (item.bare.kind !== "string" || seen.has(identifier)) return null;
    seen.add(identifier);
    const value = componentValue(exchange, item.bare.value, item.parameters);
    if (value === null) return null;
    base += `${identifier}: ${value}\n`;
  }
  return `${base}"@signature-params": ${serializeMember(input)}`;
}

/** What a signature covers, with parameters as they are written: `@query-param;name="Pet"`. */
export function coveredBy(input: InnerList): ReadonlySet<string> {
  return new Set(
    input.items.map(({ bare, parameters }) => `${String(bare.value)}${serializeParameters(parameters)}`),
  );
}

function componentValue(exchange: Exchange, name: string, parameters: Parameters): string | null {
  if (name.startsWith("@")) return derivedValue(exchange, name, parameters);
  // Names are in lower case (section 2.1).
  return name === name.toLowerCase() ? fieldValue(exchange, name, parameters) : null;
}

/** Section 2.2. */
function derivedValue(exchange: Exchange, name: string, parameters: Parameters): string | null {
  const { request, originalPath } = exchange;
  if (name === "@query-param") return queryParameter(request.query, parameters);
  if (parameters.size > 0) return null;
  switch (name) {
    case "@method":
      return request.method;
    case "@authority":
      return authorityOf(exchange);
    case "@scheme":
      return request.scheme;
    case "@path":
      return originalPath;
    case "@query":
      return request.query === "" ? "?" : request.query;
    case "@request-target":
      return originalPath + request.query;
    case "@target-uri":
      return `${request.scheme}://${authorityOf(exchange)}${originalPath}${request.query}`;
    default:
      return null;
  }
}

/** Section 2.2.3: in lower case, without the scheme's own port. */
function authorityOf({ originalAuthority, request: { scheme } }: Exchange): string {
  const own = scheme === "https" ? ":443" : ":80";
  return originalAuthority.endsWith(own) ? originalAuthority.slice(0, -own.length) : originalAuthority;
}

/** Section 2.2.8: decoded and encoded anew; one that is there twice cannot be covered. */
function queryParameter(query: string, parameters: Parameters): string | null {
  const name = parameters.get("name");
  if (parameters.size !== 1 || name?.kind !== "string") return null;
  const found: string[] = [];
  for (const [key, value] of new URLSearchParams(query)) {
    if (encodeParameter(key) === name.value) found.push(encodeParameter(value));
  }
  return found.length === 1 ? found[0] : null;
}

/** The percent-encode set of application/x-www-form-urlencoded, with "%20" for a blank. */
function encodeParameter(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()~]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Section 2.1. `sf` takes knowledge of each field's type, `tr` trailers, which are not here yet; `req` is of responses. */
function fieldValue({ request }: Exchange, name: string, parameters: Parameters): string | null {
  const sentHost = request.sentAuthority === "" ? request.authority : request.sentAuthority;
  const values = name === "host" ? [sentHost] : request.fields.getAll(name);
  if (values.length === 0) return null;
  if (parameters.size === 0) return values.map((value) => value.trim()).join(", ");
  if (parameters.size > 1) return null;
  const [[parameter, bare]] = [...parameters];
  if (parameter === "bs" && bare.kind === "boolean" && bare.value) {
    return values.map((value) => `:${Buffer.from(value.trim(), "latin1").toString("base64")}:`).join(", ");
  }
  if (parameter !== "key" || bare.kind !== "string") return null;
  const member = parseDictionary(values.join(", "))?.get(bare.value);
  return member === undefined ? null : serializeMember(member);
}
