import { hash, timingSafeEqual } from "node:crypto";
import { parseDictionary } from "../structured-fields/index.ts";
import type { InnerList } from "../structured-fields/index.ts";

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

/**
 * What of Content-Digest a signature covers: all of it, or members by their names (RFC 9421 section 2.1.2); null for
 * nothing.
 */
export function coveredDigests({ items }: InnerList): "all" | ReadonlySet<string> | null {
  const parts = items.filter(({ bare }) => bare.value === "content-digest");
  if (parts.length === 0) return null;
  const names = parts.map(({ parameters }) => parameters.get("key"));
  if (names.includes(undefined)) return "all";
  return new Set(names.map((name) => String(name!.value)));
}

/**
 * The digests of a Content-Digest that count, of those that are `covered`; null where there is none of them, or one is
 * malformed. What is not covered anybody may have put there.
 */
export function parseContentDigest(
  text: string,
  covered: "all" | ReadonlySet<string>,
): readonly ExpectedDigest[] | null {
  const found: ExpectedDigest[] = [];
  for (const [name, member] of parseDictionary(text) ?? []) {
    const algorithm = algorithms.get(name);
    if (algorithm === undefined || (covered !== "all" && !covered.has(name))) continue;
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
