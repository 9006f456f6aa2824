/**
 * Buffers that carry large chunks from a read to a write. A read's bytes are valid only during its callback, since
 * one read buffer serves every connection of a worker, so what the kernel may take later is copied here first. A
 * response of 100 kB fits: at half the size it takes a read and a write more, a tenth of its CPU; at twice the size
 * little is gained (bench/README.md).
 */
export const SLAB_BYTES = 131_072;
const KEPT_SLABS = 32;
/** What a head and a chunk share when both leave in one write. */
export const PACK_BYTES = 16_384;
const KEPT_PACKS = 128;

const freeSlabs: Buffer[] = [];
const freePacks: Buffer[] = [];

/** A slab of SLAB_BYTES with undefined content. */
export function takeSlab(): Buffer {
  return freeSlabs.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES);
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
  else if (freeSlabs.length < KEPT_SLABS) freeSlabs.push(Buffer.from(buffer));
}

/** The worker's one read buffer: libuv reads into it, one connection at a time, callbacks are synchronous. */
export const sharedReadBuffer: Buffer = Buffer.allocUnsafeSlow(SLAB_BYTES);
