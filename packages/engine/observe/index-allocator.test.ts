import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { IndexAllocator } from "./index-allocator.ts";

describe("IndexAllocator", () => {
  it("gives each key its own index, from 1, and the same one again", () => {
    const indexes = new IndexAllocator();
    assert.deepEqual(
      ["a", "b", "a"].map((key) => indexes.allocate(key)),
      [1, 2, 1],
    );
    assert.equal(indexes.size, 3);
  });

  it("reuses an index only when every worker has confirmed the version that released it", () => {
    const indexes = new IndexAllocator();
    indexes.addWorker(0, 1);
    indexes.addWorker(1, 1);
    indexes.allocate("a");
    indexes.release("a", 2);
    assert.deepEqual(indexes.confirm(0, 2), []);
    assert.equal(indexes.allocate("b"), 2);
    assert.deepEqual(indexes.confirm(1, 3), [1]);
    assert.equal(indexes.allocate("c"), 1);
  });

  it("does not free for a confirmation of an older version, nor for one that comes twice", () => {
    const indexes = new IndexAllocator();
    indexes.addWorker(0, 5);
    indexes.allocate("a");
    indexes.release("a", 7);
    assert.deepEqual(indexes.confirm(0, 6), []);
    assert.deepEqual(indexes.confirm(0, 5), []);
    assert.deepEqual(indexes.confirm(0, 7), [1]);
    assert.deepEqual(indexes.confirm(0, 7), []);
  });

  it("gives a key that comes back before its index is free the same one, and frees it no more", () => {
    const indexes = new IndexAllocator();
    indexes.addWorker(0, 1);
    indexes.allocate("a");
    indexes.release("a", 2);
    assert.equal(indexes.allocate("a"), 1);
    assert.deepEqual(indexes.confirm(0, 9), []);
    assert.equal(indexes.allocate("b"), 2);
  });

  it("is not held back by a worker that is gone", () => {
    const indexes = new IndexAllocator();
    indexes.addWorker(0, 2);
    indexes.addWorker(1, 1);
    indexes.allocate("a");
    indexes.release("a", 2);
    indexes.removeWorker(1);
    assert.deepEqual(indexes.reclaim(), [1]);
  });

  it("frees at once when there are no workers", () => {
    const indexes = new IndexAllocator();
    indexes.allocate("a");
    indexes.release("a", 4);
    assert.deepEqual(indexes.reclaim(), [1]);
  });

  it("gives the lowest free index first", () => {
    const indexes = new IndexAllocator();
    for (const key of ["a", "b", "c", "d"]) indexes.allocate(key);
    for (const key of ["d", "a", "c"]) indexes.release(key, 1);
    indexes.reclaim();
    assert.deepEqual(
      ["e", "f", "g", "h"].map((key) => indexes.allocate(key)),
      [1, 3, 4, 5],
    );
  });

  it("ignores the release of a key it does not know", () => {
    const indexes = new IndexAllocator();
    indexes.release("a", 1);
    assert.deepEqual(indexes.reclaim(), []);
  });

  it("lists live keys, and held ones with those not yet free", () => {
    const indexes = new IndexAllocator();
    indexes.addWorker(0, 1);
    indexes.allocate("a");
    indexes.allocate("b");
    indexes.release("a", 2);
    assert.deepEqual([...indexes.entries()], [["b", 2]]);
    assert.deepEqual(
      [...indexes.held()],
      [
        ["b", 2],
        ["a", 1],
      ],
    );
  });
});
