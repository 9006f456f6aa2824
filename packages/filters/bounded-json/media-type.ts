/** A content type without its parameters, in lower case. */
export const mediaTypeOf = (contentType: string): string =>
  contentType.split(";", 1)[0]!.trim().toLowerCase();

/** JSON, by its own name or by the suffix of RFC 6839. */
export const isJsonType = (mediaType: string): boolean =>
  mediaType === "application/json" || mediaType === "text/json" || /^[^/]+\/[^/]+\+json$/.test(mediaType);

/** The charset that is said, in lower case; "" for none. */
export function charsetOf(contentType: string): string {
  const found = /;\s*charset\s*=\s*"?([^\s";]+)"?/i.exec(contentType);
  return found === null ? "" : found[1]!.toLowerCase();
}
