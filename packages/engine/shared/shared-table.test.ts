import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "@heddle/testkit";
import { makeSharedTableMemory } from "./memory.ts";
import { SharedTable } from "./shared-table.ts";

/** Two workers with a table of two buckets, and keys that all live in both. */
function setUp(entries = 16) {
  const clock = new FakeClock();
  const memory = makeSharedTableMemory(entries, 2, [1, 2]);
  const tables = [0, 1].map((slot) => new SharedTable(memory, slot, clock, 0));
  const [table, other] = tables;
  const take = (key: number, forMs = 10_000) => table.take(key, key + 1, 7, clock.now(), clock.now() + forMs);
  return { clock, memory, table, other, take };
}

test("a key has one entry, whichever worker looks, for as long as was asked for", () => {
  const { clock, table, other, take } = setUp();
  const entry = take(1);
  assert.equal(table.state(entry), 7);
  assert.ok(table.swap(entry, 7, 8));
  assert.equal(table.swap(entry, 7, 9), false);
  assert.equal(other.find(1, 2, clock.now()), entry);
  assert.equal(other.take(1, 2, 0, clock.now(), clock.now()), entry);
  assert.equal(other.state(entry), 8);
  assert.equal(table.find(1, 3, clock.now()), -1);
  clock.advance(10_000);
  assert.equal(table.find(1, 2, clock.now()), entry);
  clock.advance(10_000);
  assert.equal(table.find(1, 2, clock.now()), -1);
  // Another time it begins as new.
  assert.equal(table.state(take(1)), 7);
});

test("an entry that is kept does not end, and one that is let go does unless it is used", () => {
  const { clock, table, take } = setUp();
  const entry = take(1, 1_000);
  for (let i = 0; i < 30; i++) {
    table.keep(entry, clock.now() + 3_000);
    clock.advance(1_000);
    assert.equal(table.find(1, 2, clock.now()), entry);
  }
  table.keep(entry, clock.now() + 3_600_000);
  table.letGo(entry, 0, clock.now() + 1_000);
  clock.advance(60_000);
  assert.equal(table.find(1, 2, clock.now()), entry, "its state is not the idle one");
  table.letGo(entry, 7, clock.now() + 1_000);
  clock.advance(60_000);
  assert.equal(table.find(1, 2, clock.now()), -1);
});

test("a full table refuses new keys and keeps the others, until some are over", () => {
  const { clock, table, take } = setUp();
  const entries = new Set(Array.from({ length: 16 }, (_, key) => take(key * 2)));
  assert.equal(entries.size, 16);
  assert.equal(take(100), -1);
  for (let key = 0; key < 16; key++) assert.notEqual(table.find(key * 2, key * 2 + 1, clock.now()), -1);
  clock.advance(15_000);
  assert.equal(take(100), -1, "what is just over is not given away yet");
  clock.advance(4_000);
  assert.notEqual(take(100), -1);
});

test("by force a key gets the entry that would have ended first", () => {
  const { clock, table, take } = setUp();
  for (let key = 0; key < 16; key++) take(key * 2, 100_000 - key * 5_000);
  const entry = table.takeByForce(100, 101, 1, clock.now(), clock.now() + 60_000);
  assert.notEqual(entry, -1);
  assert.equal(table.state(entry), 1);
  assert.equal(table.find(30, 31, clock.now()), -1);
  assert.notEqual(table.find(28, 29, clock.now()), -1);
});

test("what a worker that died has noted is taken back, once", () => {
  const { table, other, memory, take } = setUp();
  const entry = take(1);
  const add = (by: SharedTable) => {
    assert.ok(by.swap(entry, by.state(entry), by.state(entry) + 1));
    return by.note(entry);
  };
  const given = add(table);
  add(table);
  add(table);
  add(other);
  table.swap(entry, 11, 10);
  table.forget(given);
  SharedTable.abandon(memory, 0);
  assert.equal(table.state(entry), 8);
  SharedTable.abandon(memory, 0);
  assert.equal(table.state(entry), 8);
  SharedTable.abandon(memory, 1);
  assert.equal(table.state(entry), 7);
});

test("a journal that is full says so, and its places are used again", () => {
  const { table, take } = setUp();
  const entry = take(1);
  const notes = Array.from({ length: 65_536 }, () => table.note(entry));
  assert.equal(new Set(notes).size, notes.length);
  assert.equal(table.note(entry), -1);
  table.forget(notes[5]);
  assert.equal(table.note(entry), notes[5]);
});

test("the making of entries is not held up by a lock whose owner died with it", () => {
  const { memory, table, clock } = setUp();
  // Somebody's ticket in each of the locks.
  new Int32Array(memory.buffer).fill(2_000_000, 0, 256);
  assert.notEqual(table.take(1, 2, 0, clock.now(), clock.now()), -1);
});

test("a table of a million entries has room for more than half as many keys", () => {
  const { table, clock } = setUp(65_536);
  const hash = table.hashFor("keys");
  let refused = 0;
  for (let key = 0; key < 40_000; key++) {
    hash.begin();
    hash.word(key);
    hash.end();
    if (table.take(hash.hi, hash.lo, 0, clock.now(), clock.now() + 60_000) < 0) refused++;
  }
  assert.ok(refused === 0, `${refused} of 40000 keys in 65536 entries found no room`);
});
