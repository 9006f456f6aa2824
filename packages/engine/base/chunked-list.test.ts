import assert from "node:assert/strict";
import { test } from "node:test";
import { ChunkedList, listChanges, onceForChunk, SteadyChunks } from "./chunked-list.ts";
import { seededRandom } from "./random.ts";

const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);

test("a list has its items in order, by place, and none in an empty chunk", () => {
  for (const count of [0, 1, 256, 257, 1000]) {
    const list = ChunkedList.of(numbers(count));
    assert.equal(list.length, count);
    assert.deepEqual(list.toArray(), numbers(count));
    assert.deepEqual([...list], numbers(count));
    assert.equal(list.at(count - 1), count === 0 ? undefined : count - 1);
    assert.equal(list.at(count), undefined);
    assert.equal(ChunkedList.join([list, list]).length, 2 * count);
  }
  assert.deepEqual(ChunkedList.ofChunks([[], [1], []]).chunks, [[1]]);
});

test("after any edits it is as an array with the same edits, and the changes are told", () => {
  const random = seededRandom(11);
  let next = 0;
  const fresh = (count: number) => numbers(count).map(() => ({ id: next++ }));
  let items = fresh(1500);
  let list = ChunkedList.of(items);
  for (let round = 0; round < 600; round++) {
    const from = Math.floor(random.next() * (items.length + 1));
    const to = Math.min(items.length, from + Math.floor(random.next() ** 6 * 600));
    const put = fresh(Math.floor(random.next() ** 6 * 600));
    const edited = list.with(from, to, put);
    const { gone, come } = listChanges(list, edited);
    assert.deepEqual(gone, items.slice(from, to));
    assert.deepEqual(come, put);
    const same = list.follow(edited.toArray());
    assert.deepEqual(same.toArray(), edited.toArray());
    assert.deepEqual(same.follow(edited.toArray()), same);
    items = items.toSpliced(from, to - from, ...put);
    list = edited;
    assert.equal(list.length, items.length);
    assert.deepEqual(list.toArray(), items);
    assert.deepEqual(list.slice(from, from + 300), items.slice(from, from + 300));
    assert.equal(list.at(from), items[from]);
    assert.ok(list.chunks.every(({ length }) => length > 0 && length <= 256));
  }
});

test("an edit leaves all chunks but those that it touches, and takes in those that are small", () => {
  const list = ChunkedList.of(numbers(2000));
  const edited = list.with(700, 701, [-1]);
  assert.equal(edited.chunks.filter((chunk) => !list.chunks.includes(chunk)).length, 1);
  let grown = ChunkedList.of<number>([]);
  for (const one of numbers(2000)) grown = grown.with(0, 0, [one]);
  assert.ok(grown.chunks.length <= 2000 / 32, `${grown.chunks.length} chunks`);
});

test("chunks in another order are no change", () => {
  const list = ChunkedList.of(numbers(1000));
  const turned = ChunkedList.ofChunks(list.chunks.toReversed());
  assert.deepEqual(listChanges(list, turned), { gone: [], come: [] });
});

test("something is made of a chunk once", () => {
  let made = 0;
  const sum = onceForChunk((chunk: readonly number[]) => {
    made++;
    return chunk.reduce((a, b) => a + b, 0);
  });
  const list = ChunkedList.of(numbers(1000));
  const sums = list.chunks.map(sum);
  assert.deepEqual(list.with(500, 501, []).chunks.map(sum).length, sums.length);
  assert.equal(made, sums.length + 1);
});

test("what is made anew is the chunk itself, or what was made the last time, while the items are the same", () => {
  const steady = new SteadyChunks<number>();
  const chunk = [1, 2, 3];
  assert.equal(steady.keep(chunk, [1, 2, 3]), chunk);
  const odd = steady.keep(chunk, [1, 3]);
  assert.equal(steady.keep(chunk, [1, 3]), odd);
  const even = steady.keep(chunk, [2]);
  assert.deepEqual([odd, even], [[1, 3], [2]]);
  assert.equal(steady.keep(chunk, [2]), even);
});
