import type { Fields } from "@heddle/engine/message";

/** Digests of content as it was coded before (RFC 9530, RFC 3230): of another coding they are wrong. */
const DIGESTS: readonly string[] = ["content-digest", "repr-digest", "digest", "content-md5"];

export function dropDigests(fields: Fields): void {
  for (const name of DIGESTS) fields.delete(name);
}
