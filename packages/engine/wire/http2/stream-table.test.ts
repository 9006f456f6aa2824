import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../base/index.ts";
import { Http2Stream } from "./stream.ts";
import type { StreamHost } from "./stream.ts";
import { StreamTable } from "./stream-table.ts";

const make = (id: number): Http2Stream => new Http2Stream(id, {} as StreamHost, 0, 0);

test("finds what a Map would find, whatever comes and goes", () => {
  const random = seededRandom(20_261_128);
  const pick = (n: number): number => Math.floor(random.next() * n);
  for (let round = 0; round < 50; round++) {
    const [table, map] = [new StreamTable(), new Map<number, Http2Stream>()];
    // Few ids that far apart meet at the same places, many of them grow the table.
    const idOf = (n: number): number => 1 + 2 * (round % 2 === 0 ? n : n * 32);
    for (let step = 0; step < 600; step++) {
      const id = idOf(pick(100));
      if (map.has(id)) {
        table.delete(id);
        map.delete(id);
      } else {
        const stream = make(id);
        table.add(stream);
        map.set(id, stream);
      }
      assert.equal(table.size, map.size);
    }
    for (let n = 0; n < 100; n++) assert.equal(table.get(idOf(n)), map.get(idOf(n)));
    const ids = (streams: Iterable<Http2Stream>): number[] =>
      [...streams].map(({ id }) => id).sort((a, b) => a - b);
    assert.deepEqual(ids(table.toArray()), ids(map.values()));
    table.delete(0);
    assert.equal(table.size, map.size);
    table.clear();
    assert.deepEqual([table.size, table.toArray(), table.get(idOf(1))], [0, [], undefined]);
  }
});
