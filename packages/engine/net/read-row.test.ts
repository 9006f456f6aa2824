import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ReadRow } from "./read-row.ts";

/** A row on a clock of its own; `recentMs` is what time was when a reader began. */
function setUp() {
  const clock = { nowMs: 1_000, recentMs: 1_000, now: () => clock.nowMs };
  const row = new ReadRow(clock);
  const seen: string[] = [];
  const reader = (name: string, costMs: number = 0, also: () => void = () => {}) => {
    const one = {
      waitingReads: 0,
      isSuspended: false,
      isDivisible: false,
      received(length: number, bytes: Buffer): boolean {
        clock.recentMs = clock.nowMs;
        clock.nowMs += costMs;
        also();
        seen.push(`${name} ${length > 2_048 ? length : bytes.toString("latin1", 0, length)}`);
        return true;
      },
      suspendReads: () => void (one.isSuspended = true),
      continueReads: () => void (one.isSuspended = false),
    };
    return one;
  };
  const read = (one: ReturnType<typeof reader>, text: string): boolean => {
    const bytes = Buffer.from(text);
    const isKept = row.add(one, bytes.length, bytes);
    // The next read is into the same buffer.
    bytes.fill("!");
    return isKept;
  };
  /** A turn that works off for ten milliseconds. */
  const turn = (): void => {
    if (!row.isEmpty) row.deliver(clock.nowMs + 10);
    row.endTurn();
  };
  return { clock, row, seen, reader, read, turn };
}

const LONG = "x".repeat(20_000);
const MEDIUM = "m".repeat(10_000);

describe("ReadRow", () => {
  test("short reads wait until the turn is at them, and are delivered in their order", () => {
    const { row, seen, reader, read, turn } = setUp();
    const [a, b] = [reader("a"), reader("b")];
    assert.ok(read(a, "1") && read(b, "2") && read(a, "3"));
    assert.deepEqual(seen, []);
    assert.deepEqual([a.waitingReads, b.waitingReads], [2, 1]);
    turn();
    assert.deepEqual(seen, ["a 1", "b 2", "a 3"]);
    assert.deepEqual([a.waitingReads, b.waitingReads, row.isEmpty], [0, 0, true]);
  });

  test("a long read is worked off at once, after what waits before it", () => {
    const { seen, reader, read } = setUp();
    const a = reader("a");
    read(a, "short");
    assert.equal(read(a, LONG), false);
    assert.deepEqual(seen, ["a short"]);
    assert.equal(a.isSuspended, false);
  });

  test("medium reads wait in their place among short ones, each with its own octets", () => {
    const { row, reader, turn } = setUp();
    const texts: string[] = [];
    const one = {
      ...reader("a"),
      received: (length: number, bytes: Buffer) => texts.push(bytes.toString("latin1", 0, length)) > 0,
    };
    const sizes = [10, 2_048, 2_049, 10, 16_384, 5_000];
    const shared = Buffer.alloc(65_536);
    for (const [i, size] of sizes.entries()) {
      shared.fill(String(i), 0, size);
      assert.equal(row.add(one, size, shared), true);
    }
    turn();
    assert.deepEqual(
      texts,
      sizes.map((size, i) => String(i).repeat(size)),
    );
    assert.equal(row.add(one, 16_385, shared), false);
  });

  test("more medium reads than the row has places for: those before are worked off in the poll", () => {
    const { seen, reader, read, turn } = setUp();
    const readers = Array.from({ length: 150 }, (_, i) => reader(String(i)));
    assert.ok(readers.every((one) => read(one, MEDIUM)));
    assert.equal(seen.length, 128);
    turn();
    assert.deepEqual(
      seen,
      readers.map((_, i) => `${i} 10000`),
    );
    assert.ok(readers.every((one) => one.waitingReads === 0 && !one.isSuspended));
  });

  test("dear medium reads do not keep the poll either", () => {
    const { clock, seen, reader, read, turn, row } = setUp();
    const readers = Array.from({ length: 200 }, (_, i) => reader(String(i), 10));
    for (const one of readers) assert.ok(read(one, MEDIUM));
    assert.ok(seen.length <= 4, `${seen.length} worked off in the poll`);
    assert.ok(clock.nowMs < 1_050);
    while (!row.isEmpty) turn();
    assert.deepEqual(
      seen,
      readers.map((_, i) => `${i} 10000`),
    );
    assert.ok(readers.every((one) => one.waitingReads === 0 && !one.isSuspended));
  });

  test("while the row is late, medium reads are held back like long ones", () => {
    const { seen, reader, read, turn, row } = setUp();
    const [busy, b] = [reader("busy", 6), reader("b")];
    for (let i = 0; i < 6; i++) read(busy, String(i));
    turn();
    assert.ok(read(b, MEDIUM));
    assert.equal(b.isSuspended, true);
    while (!row.isEmpty) turn();
    assert.equal(seen.at(-1), "b 10000");
    assert.equal(b.isSuspended, false);
  });

  test("what a reader makes others read meanwhile does not touch what it was given", () => {
    const { row, reader, turn } = setUp();
    const other = reader("other");
    const shared = Buffer.alloc(65_536);
    let given = "";
    const nested = {
      ...reader("nested"),
      received(length: number, bytes: Buffer): boolean {
        shared.fill("b");
        for (let i = 0; i < 200; i++) row.add(other, 10_000, shared);
        for (let i = 0; i < 40; i++) row.add(other, 20_000, shared);
        given = bytes.toString("latin1", 0, length);
        return true;
      },
    };
    shared.fill("a");
    row.add(nested, 10_000, shared);
    turn();
    assert.equal(given, "a".repeat(10_000));
  });

  test("a turn works off what it has time for, and it is known since when the others wait", () => {
    const { clock, row, seen, reader, read, turn } = setUp();
    for (let i = 0; i < 100; i++) read(reader("dear", 4), String(i));
    assert.equal(row.waitMs(clock.nowMs), 0);
    turn();
    // The one that began within the time, and the one that was next: what time it is comes with a reader.
    assert.equal(seen.length, 4);
    assert.equal(row.waitMs(clock.nowMs), 16);
    read(reader("later", 4), "last");
    while (!row.isEmpty) turn();
    assert.deepEqual(seen, Array.from({ length: 100 }, (_, i) => `dear ${i}`).concat("later last"));
    assert.equal(row.waitMs(clock.nowMs), 0);
  });

  test("those who came later have waited for less", () => {
    const { clock, row, reader, read, turn } = setUp();
    for (let i = 0; i < 8; i++) read(reader("a", 4), "early");
    turn();
    read(reader("b", 4), "later");
    clock.nowMs += 5;
    turn();
    // Five, and the four that were before it.
    assert.equal(row.waitMs(clock.nowMs), 21);
  });

  test("while the row is late, long reads wait too, as copies, and their readers are read from later", () => {
    const { seen, reader, read, turn, row } = setUp();
    const [a, b] = [reader("a", 6), reader("b", 6)];
    for (let i = 0; i < 6; i++) read(a, String(i));
    turn();
    assert.equal(row.isEmpty, false);
    assert.ok(read(b, LONG));
    assert.equal(b.isSuspended, true);
    while (!row.isEmpty) turn();
    assert.deepEqual(seen.at(-1), "b 20000");
    assert.equal(b.isSuspended, false);
    assert.equal(read(b, LONG), false);
  });

  test("a poll full of dear long reads does not go on for good", () => {
    const { clock, seen, reader, read, turn, row } = setUp();
    const readers = Array.from({ length: 100 }, (_, i) => reader(String(i), 10));
    for (const one of readers) if (!read(one, LONG)) one.received(LONG.length, Buffer.alloc(0));
    assert.ok(seen.length <= 4, `${seen.length} worked off in the poll`);
    assert.ok(clock.nowMs < 1_050);
    assert.equal(readers.filter((one) => one.isSuspended).length, 100 - seen.length);
    while (!row.isEmpty) turn();
    assert.equal(seen.length, 100);
    assert.ok(readers.every((one) => !one.isSuspended && one.waitingReads === 0));
  });

  test("a late row gives what is divisible in pieces, and looks at the time between them", () => {
    const { seen, reader, read, turn, row } = setUp();
    const busy = reader("busy", 20);
    const streams = reader("h2", 4);
    streams.isDivisible = true;
    for (const text of ["1", "2", "3"]) read(busy, text);
    turn();
    const text = Array.from({ length: 100 }, (_, i) => String(i).padStart(10)).join("");
    const long = "y".repeat(2_100);
    read(streams, text);
    read(streams, long);
    turn();
    const before = seen.length;
    turn();
    assert.ok(seen.length > before && seen.length < before + 7, `${seen.length - before} pieces in a turn`);
    assert.equal(streams.waitingReads, 2);
    while (!row.isEmpty) turn();
    const pieces = seen.filter((line) => line.startsWith("h2 "));
    assert.equal(pieces.map((line) => line.slice(3)).join(""), text + long);
    assert.equal(streams.waitingReads, 0);
    assert.equal(streams.isSuspended, false);
  });

  test("who goes on sending while he waits is not read from until his turn; who is silent costs nothing", () => {
    const { reader, read, turn, row } = setUp();
    const readers = Array.from({ length: 100 }, (_, i) => reader(String(i), 4));
    const [silent, busy] = [readers.slice(0, 90), readers.slice(90)];
    for (const one of readers) read(one, "x");
    turn();
    for (const one of busy) read(one, "y");
    assert.ok(readers.every((one) => !one.isSuspended));
    for (let turns = 0; turns < 3; turns++) turn();
    for (const one of busy) read(one, "z");
    assert.ok(silent.every((one) => !one.isSuspended));
    assert.ok(busy.every((one) => one.isSuspended));
    while (!row.isEmpty) turn();
    assert.ok(readers.every((one) => !one.isSuspended));
  });

  test("the end of a connection waits for its own reads only", () => {
    const { seen, reader, read, turn, row } = setUp();
    const [a, b] = [reader("a", 6), reader("b")];
    for (let i = 0; i < 6; i++) read(a, String(i));
    turn();
    assert.equal(row.finish(b), true);
    assert.equal(row.finish(a), false);
    while (!row.isEmpty) turn();
    assert.equal(row.finish(a), true);
    read(b, "last");
    assert.equal(row.finish(b), true);
    assert.equal(seen.at(-1), "b last");
  });

  test("a read within a delivery waits its turn, and takes no octets from who is at work", () => {
    const { seen, reader, read, turn } = setUp();
    const inner = reader("inner");
    let rounds = 0;
    // So many that the row grows meanwhile.
    const nested = (): void => {
      for (; rounds < 100; rounds++) read(inner, `late${rounds}`);
    };
    read(reader("outer", 0, nested), "early");
    read(reader("next"), "next");
    turn();
    assert.deepEqual(seen.slice(0, 3), ["outer early", "next next", "inner late0"]);
    assert.equal(seen.length, 102);
  });

  test("rows that grow, go round and shrink keep the order, and every octet", () => {
    const { clock, seen, reader, read, turn, row } = setUp();
    const expected: string[] = [];
    let came = 0;
    const burst = (count: number, costMs: number): void => {
      for (let i = 0; i < count; i++) {
        const one = reader("r", costMs);
        const text = came % 7 === 0 ? LONG : came % 5 === 0 ? MEDIUM : String(came);
        expected.push(`r ${text.length > 2_048 ? text.length : text}`);
        came++;
        if (!read(one, text)) one.received(text.length, Buffer.from(text));
      }
    };
    for (const count of [10, 500, 40, 3_000, 1, 700]) {
      burst(count, 0.05);
      turn();
    }
    while (!row.isEmpty) turn();
    for (let i = 0; i < 1_100; i++) {
      burst(2, 0);
      turn();
    }
    burst(1_500, 0.01);
    clock.nowMs += 1;
    while (!row.isEmpty) turn();
    assert.deepEqual(seen, expected);
  });

  test("more than the row has room for are worked off where they are", () => {
    const { seen, reader, read, turn, row } = setUp();
    for (let i = 0; i < 40_000; i++) {
      const one = reader("r", 0.01);
      const text = String(i);
      if (!read(one, text)) one.received(text.length, Buffer.from(text));
    }
    assert.ok(seen.length > 20_000);
    while (!row.isEmpty) turn();
    assert.deepEqual(
      seen,
      Array.from({ length: 40_000 }, (_, i) => `r ${i}`),
    );
  });
});
