import type { Exchange, Fields, ResponseHead } from "@heddle/engine/message";

/** Digests of content as it was coded before (RFC 9530, RFC 3230): of another coding they are wrong. */
const DIGESTS: readonly string[] = ["content-digest", "repr-digest", "digest", "content-md5"];

export function dropDigests(fields: Fields): void {
  for (const name of DIGESTS) fields.delete(name);
}

/** Octet by octet it is another representation from now on (RFC 9110 section 8.8.1). */
export function weakenETag(fields: Fields): void {
  const etag = fields.get("etag");
  if (etag !== undefined && etag.startsWith('"')) fields.set("etag", `W/${etag}`);
}

/**
 * Whether a response's coding may be changed: not of partial content, which has ranges of what is coded, nor of gRPC,
 * which has its own, nor where the origin forbids it (RFC 9110 sections 7.7 and 14).
 */
export function mayRecode({ grpcForm }: Exchange, { status, fields }: ResponseHead): boolean {
  if (grpcForm !== "" || status < 200 || status === 204 || status === 206) return false;
  if (fields.has("content-range")) return false;
  return !(fields.getList("cache-control") ?? "").toLowerCase().includes("no-transform");
}
