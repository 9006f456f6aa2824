import { hash, timingSafeEqual } from "node:crypto";
import { parseDictionary } from "../structured-fields/index.ts";

/** A digest that a body has to have (RFC 9530 section 2). */
export interface ExpectedDigest {
  readonly algorithm: "sha256" | "sha512";
  readonly value: Uint8Array;
}

/** The insecure ones of RFC 9530 section 5 are not looked at: what is covered by them alone is covered by nothing. */
const algorithms: ReadonlyMap<string, "sha256" | "sha512"> = new Map([
  ["sha-256", "sha256"],
  ["sha-512", "sha512"],
]);

/** The digests of a Content-Digest that count; null where there is none of them, or one is malformed. */
export function parseContentDigest(text: string): readonly ExpectedDigest[] | null {
  const found: ExpectedDigest[] = [];
  for (const [name, member] of parseDictionary(text) ?? []) {
    const algorithm = algorithms.get(name);
    if (algorithm === undefined) continue;
    if (member.type !== "item" || member.bare.kind !== "bytes") return null;
    found.push({ algorithm, value: member.bare.value });
  }
  return found.length === 0 ? null : found;
}

/** Whether a body has all of them. */
export function hasDigests(body: Uint8Array, digests: readonly ExpectedDigest[]): boolean {
  return digests.every(({ algorithm, value }) => {
    const own = hash(algorithm, body, "buffer");
    return own.length === value.length && timingSafeEqual(own, value);
  });
}
