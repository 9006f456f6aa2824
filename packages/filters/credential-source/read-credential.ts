import type { RequestHead } from "@heddle/engine/message";
import { AMBIGUOUS } from "./config.ts";
import type { CredentialSource } from "./config.ts";
import { readParameter, withoutParameter } from "./query-parameter.ts";

/** What a request has at a source; undefined for nothing. */
export function readCredential(
  request: RequestHead,
  source: CredentialSource,
): string | typeof AMBIGUOUS | undefined {
  if (source.in === "query") {
    return request.query === "" ? undefined : readParameter(request.query, source.name);
  }
  const values = request.fields.getAll(source.name);
  if (values.length === 0) return undefined;
  if (values.length > 1) return AMBIGUOUS;
  return source.scheme === "" ? values[0] : afterScheme(values[0], source.scheme);
}

/** Takes off what `readCredential` found. */
export function dropCredential(request: RequestHead, source: CredentialSource): void {
  if (source.in === "query") request.query = withoutParameter(request.query, source.name);
  else request.fields.delete(source.name);
}

/** RFC 9110 section 11.4: the scheme's case does not matter; blanks stand between. */
function afterScheme(value: string, scheme: string): string | undefined {
  const { length } = scheme;
  if (value.length <= length || value.charCodeAt(length) !== 32) return undefined;
  if (value.slice(0, length).toLowerCase() !== scheme.toLowerCase()) return undefined;
  return value.slice(length).trimStart();
}
