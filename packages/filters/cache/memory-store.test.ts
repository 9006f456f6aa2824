import assert from "node:assert/strict";
import { test } from "node:test";
import { Fields } from "@heddle/engine/message";
import { MemoryStore } from "./memory-store.ts";
import { sizeOf } from "./stored-response.ts";
import type { StoredResponse } from "./stored-response.ts";

function stored(key: string, change: Partial<StoredResponse> = {}): StoredResponse {
  return {
    key,
    uri: key,
    varyNames: [],
    variant: "",
    status: 200,
    pairs: [],
    body: Buffer.alloc(1_000),
    tags: [],
    etag: undefined,
    lastModified: undefined,
    dateMs: 0,
    askedMs: 0,
    arrivedMs: 0,
    ageOnArrivalMs: 0,
    freshMs: 1,
    isExplicit: true,
    staleWhileRevalidateMs: 0,
    staleIfErrorMs: 0,
    mayBeStale: true,
    mustAsk: false,
    ...change,
  };
}

const none = new Fields();

test("the least recently used goes when there is no room", () => {
  const store = new MemoryStore(3 * sizeOf(stored("a")));
  for (const key of ["a", "b", "c"]) store.put(stored(key));
  store.find("a", none);
  store.put(stored("d"));
  assert.deepEqual(
    ["a", "b", "c", "d"].map((key) => store.find(key, none) !== null),
    [true, false, true, true],
  );
  assert.equal(store.byteLength, 3 * sizeOf(stored("a")));
});

test("what is too large for all of it is not kept, and displaces nothing", () => {
  const store = new MemoryStore(5_000);
  store.put(stored("a"));
  store.put(stored("b", { body: Buffer.alloc(10_000) }));
  assert.equal(store.size, 1);
});

test("one that is put again takes the place of the other", () => {
  const store = new MemoryStore(10_000);
  for (let at = 0; at < 20; at++) store.put(stored("a"));
  assert.equal(store.size, 1);
  assert.equal(store.byteLength, sizeOf(stored("a")));
  store.remove("a");
  assert.equal(store.byteLength, 0);
});

test("responses of a key are chosen by what the latest varies by", () => {
  const store = new MemoryStore(100_000);
  const by = (name: string, value: string) =>
    stored("a", { varyNames: [name], variant: JSON.stringify([value]) });
  store.put(by("accept", "x"));
  store.put(by("accept", "y"));
  assert.equal(store.size, 2);
  store.put(by("cookie", "z"));
  assert.equal(store.size, 1, "the others cannot be found by it");
  assert.equal(store.find("a", Fields.of([["cookie", "z"]]))?.variant, '["z"]');
});

test("a smaller limit holds at once", () => {
  const store = new MemoryStore(100_000);
  for (const key of ["a", "b", "c"]) store.put(stored(key));
  store.setLimit(sizeOf(stored("a")));
  assert.equal(store.size, 1);
});
