/**
 * Buffers that carry large chunks from a read to a write. A read's bytes are valid only during its callback, since
 * one read buffer serves every connection of a worker, so what the kernel may take later is copied here first.
 */
export const SLAB_BYTES = 65_536;
const KEPT_SLABS = 32;

const free: Buffer[] = [];

/** A slab of SLAB_BYTES with undefined content. */
export function takeSlab(): Buffer {
  return free.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES);
}

/** Gives a slab back; the caller holds no view of it any more. */
export function giveSlab(slab: Buffer): void {
  if (free.length < KEPT_SLABS) free.push(slab);
}

/** The worker's one read buffer: libuv reads into it, one connection at a time, callbacks are synchronous. */
export const sharedReadBuffer: Buffer = Buffer.allocUnsafeSlow(SLAB_BYTES);
