import assert from "node:assert/strict";
import { test } from "node:test";
import type { Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { Connection } from "./connection.ts";
import { usesRawWrites } from "./raw-writes.ts";
import { SLAB_BYTES } from "./slab-pool.ts";
import { atTurnEnd, readInTurn, writeInTurn } from "./turn.ts";

/** A connection whose handle keeps what it is given, in one list for all of them. */
function open(name: string, sent: string[], highWaterBytes: number = 32_768): Connection {
  const events = { onBytes() {}, onEnd() {}, onDrain() {}, onClosed() {} };
  const connection = new Connection(events, highWaterBytes);
  const handle = {
    writeLatin1String: (_request: null, text: string) => (sent.push(`${name}: ${text}`), 0),
    writeBuffer: (_request: null, bytes: Buffer) => (sent.push(`${name}: ${bytes.toString("latin1")}`), 0),
    writev: (_request: null, chunks: unknown[]) => (sent.push(`${name}: ${chunks.length / 2} parts`), 0),
  };
  const said = (what: string) => () => void sent.push(`${name}: ${what}`);
  const socket = { _handle: handle, on() {}, pause() {}, resume() {}, end: said("end") };
  const destroys = { destroy: said("destroy"), resetAndDestroy: said("reset") };
  connection.attach({ ...socket, ...destroys } as unknown as Socket, false);
  connection.opened();
  return connection;
}

function write(connection: Connection, text: string): boolean {
  connection.writeText(text);
  return connection.flush();
}

const isRaw = usesRawWrites();

test(
  "text of a turn leaves at its end, a connection's own in one write",
  { skip: !isRaw && "raw writes are off" },
  async () => {
    const sent: string[] = [];
    const [a, b] = [open("a", sent), open("b", sent)];
    assert.ok(write(a, "1"));
    assert.ok(write(b, "2"));
    assert.ok(write(a, "3"));
    assert.deepEqual(sent, []);
    assert.equal(a.pendingBytes, 2);
    await turn();
    assert.deepEqual(sent, ["a: 13", "b: 2"]);
    assert.equal(a.pendingBytes, 0);
    write(b, "4");
    await turn();
    assert.deepEqual(sent, ["a: 13", "b: 2", "b: 4"]);
  },
);

test(
  "long text, parts and whoever asks for it leave at once, and nothing twice",
  { skip: !isRaw && "raw writes are off" },
  async () => {
    const sent: string[] = [];
    const a = open("a", sent);
    write(a, "x");
    a.writeBytes(Buffer.alloc(SLAB_BYTES + 1));
    a.flush();
    assert.deepEqual(sent, ["a: 3 parts"]);
    write(a, "y".repeat(17_000));
    assert.equal(sent.length, 2);
    write(a, "z");
    a.flushNow();
    assert.equal(sent.length, 3);
    await turn();
    assert.equal(sent.length, 3);
  },
);

test(
  "a chunk goes out with the text around it, in one write at the turn's end",
  { skip: !isRaw && "raw writes are off" },
  async () => {
    const sent: string[] = [];
    const [a, b] = [open("a", sent), open("b", sent)];
    const chunk = Buffer.alloc(8_000, "c");
    a.writeText("head ");
    a.writeBytes(chunk);
    a.writeText(" then ");
    a.writeBytes(chunk);
    a.writeText(" tail");
    assert.ok(a.flush());
    write(b, "x");
    assert.equal(a.pendingBytes, 16_016);
    // It may be gone after the call.
    chunk.fill("!");
    assert.deepEqual(sent, []);
    await turn();
    const piece = "c".repeat(8_000);
    assert.deepEqual(sent, [`a: head ${piece} then ${piece} tail`, "b: x"]);
    assert.equal(a.pendingBytes, 0);
  },
);

test(
  "chunks that do not fit together leave in their order, as parts of one write",
  { skip: !isRaw && "raw writes are off" },
  () => {
    const sent: string[] = [];
    const a = open("a", sent);
    a.writeText("head");
    a.writeBytes(Buffer.alloc(16_384));
    a.writeBytes(Buffer.alloc(2_000));
    a.writeText("y".repeat(15_000));
    a.flush();
    assert.deepEqual(sent, ["a: 4 parts"]);
    assert.equal(a.bytesWritten, 4 + 16_384 + 2_000 + 15_000);
  },
);

test(
  "a text over the high-water mark does not wait: its drain would never come",
  { skip: !isRaw && "raw writes are off" },
  () => {
    const sent: string[] = [];
    const a = open("a", sent, 4);
    assert.ok(write(a, "12345"));
    assert.deepEqual(sent, ["a: 12345"]);
  },
);

test(
  "what was flushed leaves before a connection is destroyed",
  { skip: !isRaw && "raw writes are off" },
  async () => {
    const sent: string[] = [];
    const [a, b] = [open("a", sent), open("b", sent)];
    for (const connection of [a, b]) write(connection, "last");
    a.destroy();
    b.destroy(true);
    assert.deepEqual(sent, ["a: last", "a: destroy", "b: last", "b: destroy"]);
    await turn();
    assert.equal(sent.length, 4);
  },
);

test(
  "an end and a close go out with the last text, in the row of all writes",
  { skip: !isRaw && "raw writes are off" },
  async () => {
    const sent: string[] = [];
    const [a, b, c] = [open("a", sent), open("b", sent), open("c", sent)];
    for (const connection of [a, b]) connection.writeText("last");
    a.end();
    b.close();
    write(c, "more");
    assert.deepEqual(sent, []);
    await turn();
    assert.deepEqual(sent, ["a: last", "a: end", "b: last", "b: destroy", "c: more"]);
    c.end();
    assert.equal(sent.at(-1), "c: end", "without text there is nothing to wait for");
  },
);

test("a thousand writers do not wait for more", { skip: !isRaw && "raw writes are off" }, () => {
  const sent: string[] = [];
  for (let i = 0; i < 1_024; i++) write(open(String(i), sent), "t");
  assert.equal(sent.length, 1_024);
});

/** Keeps what it gets; `also` runs inside the call. */
function reader(name: string, seen: string[], also: () => void = () => {}) {
  return {
    waitingReads: 0,
    isSuspended: false,
    isDivisible: false,
    received(length: number, bytes: Buffer): boolean {
      seen.push(`${name} ${bytes.toString("latin1", 0, length)}`);
      also();
      return true;
    },
    suspendReads() {},
    continueReads() {},
  };
}

const octets = (text: string): Buffer => Buffer.from(text);

test("a turn delivers what was read in its order, then ends, then writes", async () => {
  const seen: string[] = [];
  const write = { sendGathered: () => void seen.push("sent") };
  const end = { onTurnEnd: () => (seen.push("end"), writeInTurn(write)) };
  const shared = octets("one");
  assert.ok(
    readInTurn(
      reader("a", seen, () => atTurnEnd(end)),
      3,
      shared,
    ),
  );
  // The shared buffer is the next read's at once.
  shared.write("two");
  assert.ok(readInTurn(reader("b", seen), 3, shared));
  assert.deepEqual(seen, []);
  await turn();
  assert.deepEqual(seen, ["a one", "b two", "end", "sent"]);
});
