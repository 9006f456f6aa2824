import { createHash } from "node:crypto";

/** Small, more than one TCP segment, and more than one read. */
const sizes = [300, 6_000, 70_000];

/** The one right body of `/item/N`: made from N alone, so that each side can make it by itself. */
export function bodyOf(item: number): Buffer {
  const body = Buffer.allocUnsafe(sizes[item % sizes.length] as number);
  let state = (item * 2_654_435_761 + 1) >>> 0;
  for (let at = 0; at < body.length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    body[at] = state >>> 24;
  }
  return body;
}

export function hashOf(...parts: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("base64");
}
