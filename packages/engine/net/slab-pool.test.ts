import assert from "node:assert/strict";
import { test } from "node:test";
import { giveSlab, SLAB_BYTES, sharedReadBuffer, takeSlab } from "./slab-pool.ts";

test("a slab that is given back is the next one taken, and never one that is still held", () => {
  const first = takeSlab();
  const second = takeSlab();
  assert.notEqual(first, second);
  assert.equal(first.length, SLAB_BYTES);
  giveSlab(first);
  assert.equal(takeSlab(), first);
});

test("no more slabs are kept than a burst needs", () => {
  const slabs = Array.from({ length: 100 }, () => takeSlab());
  assert.equal(new Set(slabs.map(({ buffer }) => buffer)).size, 100);
  for (const slab of slabs) giveSlab(slab);
  const again = Array.from({ length: 100 }, () => takeSlab());
  assert.equal(again.filter((slab) => slabs.includes(slab)).length, 32);
});

test("slabs share no memory with the read buffer", () => {
  assert.notEqual(takeSlab().buffer, sharedReadBuffer.buffer);
});
