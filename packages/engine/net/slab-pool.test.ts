import assert from "node:assert/strict";
import { test } from "node:test";
import {
  giveBack,
  givePack,
  PACK_BYTES,
  SLAB_BYTES,
  sharedReadBuffer,
  takePack,
  takeSlab,
} from "./slab-pool.ts";

for (const [what, take, size, kept] of [
  ["slab", () => takeSlab(SLAB_BYTES), SLAB_BYTES, 32],
  ["small slab", () => takeSlab(65_536), 65_536, 32],
  ["pack", takePack, PACK_BYTES, 128],
] as const) {
  test(`a ${what} that is given back is the next one taken, whole, and never one that is still held`, () => {
    const first = take();
    const second = take();
    assert.notEqual(first.buffer, second.buffer);
    giveBack(first.subarray(0, 100));
    const again = take();
    assert.equal(again.buffer, first.buffer);
    assert.equal(again.length, size);
  });

  test(`no more ${what}s are kept than a burst needs`, () => {
    const burst = Array.from({ length: kept + 70 }, () => take());
    const memory = new Set(burst.map(({ buffer }) => buffer));
    assert.equal(memory.size, kept + 70);
    for (const one of burst) giveBack(one);
    const again = Array.from({ length: kept + 70 }, () => take());
    assert.equal(again.filter(({ buffer }) => memory.has(buffer)).length, kept);
  });

  test(`${what}s share no memory with the read buffer`, () => {
    assert.notEqual(take().buffer, sharedReadBuffer.buffer);
  });
}

test("a pack that was written whole goes back as it is", () => {
  const pack = takePack();
  givePack(pack);
  assert.equal(takePack(), pack);
});
