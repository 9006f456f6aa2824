/**
 * Buffers that carry large chunks from a read to a write. A read's bytes are valid only during its callback, since
 * one read buffer serves every connection of a worker, so what the kernel may take later is copied here first. A
 * response of 100 kB fits: at half the size it takes a read and a write more, a tenth of its CPU; at twice the size
 * little is gained (bench/README.md).
 */
export const SLAB_BYTES = 131_072;
/** For what is no longer than this, as the pieces are that HTTP/2 puts together. */
const SMALL_SLAB_BYTES = 65_536;
const KEPT_SLABS = 32;
/** What a head and a chunk share when both leave in one write. */
export const PACK_BYTES = 16_384;
const KEPT_PACKS = 128;

const freeSlabs: Buffer[] = [];
const freeSmallSlabs: Buffer[] = [];
const freePacks: Buffer[] = [];

/** A slab for so many octets, at most SLAB_BYTES, with undefined content. */
export function takeSlab(bytes: number): Buffer {
  return bytes > SMALL_SLAB_BYTES
    ? (freeSlabs.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES))
    : (freeSmallSlabs.pop() ?? Buffer.allocUnsafeSlow(SMALL_SLAB_BYTES));
}

/** A pack of PACK_BYTES with undefined content. */
export function takePack(): Buffer {
  return freePacks.pop() ?? Buffer.allocUnsafeSlow(PACK_BYTES);
}

/** Gives a pack back; the caller holds no view of it any more. */
export function givePack(pack: Buffer): void {
  if (freePacks.length < KEPT_PACKS) freePacks.push(pack);
}

/** Gives the slab or pack back that `view` is the beginning of; the caller holds no view of it any more. */
export function giveBack(view: Buffer): void {
  const { buffer } = view;
  if (buffer.byteLength === PACK_BYTES) givePack(Buffer.from(buffer));
  else {
    const free = buffer.byteLength === SLAB_BYTES ? freeSlabs : freeSmallSlabs;
    if (free.length < KEPT_SLABS) free.push(Buffer.from(buffer));
  }
}

/** The worker's one read buffer: libuv reads into it, one connection at a time, callbacks are synchronous. */
export const sharedReadBuffer: Buffer = Buffer.allocUnsafeSlow(SLAB_BYTES);
