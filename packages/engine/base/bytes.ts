/** Byte and text helpers of the hot path. Text on the wire is latin1: one byte, one character. */

/** A copy that outlives the callback in which `view` was valid (read buffers are shared). */
export function copyBytes(view: Uint8Array): Uint8Array {
  const copy = new Uint8Array(view.length);
  copy.set(view);
  return copy;
}

/** FNV-1a over the UTF-16 units, as an unsigned 32-bit number: for spreading, never for security. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

/** Bytes [start, end) as latin1 text: one native call, for any Uint8Array (`toString` re-checks its arguments). */
export function sliceLatin1(bytes: Uint8Array, start: number, end: number): string {
  return latin1Slice.call(bytes, start, end);
}

const latin1Slice = (Buffer.prototype as unknown as { latin1Slice(start: number, end: number): string })
  .latin1Slice;
