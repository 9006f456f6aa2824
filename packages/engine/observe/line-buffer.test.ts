import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LineBuffer } from "./line-buffer.ts";

class Sink {
  readonly chunks: string[] = [];
  isBusy = false;
  write(bytes: Buffer): boolean {
    if (this.isBusy) return false;
    this.chunks.push(bytes.toString("latin1"));
    return true;
  }
}

describe("LineBuffer", () => {
  it("gathers lines until they are a chunk", () => {
    const sink = new Sink();
    const buffer = new LineBuffer(sink, { chunkChars: 8, maxPendingChars: 100 });
    buffer.add("one");
    assert.deepEqual(sink.chunks, []);
    buffer.add("two");
    assert.deepEqual(sink.chunks, ["one\ntwo\n"]);
    assert.equal(buffer.pendingChars, 0);
  });

  it("hands on what waits when it is flushed, and nothing when nothing does", () => {
    const sink = new Sink();
    const buffer = new LineBuffer(sink);
    buffer.flush();
    buffer.add("one");
    buffer.flush();
    buffer.flush();
    assert.deepEqual(sink.chunks, ["one\n"]);
  });

  it("keeps what a busy sink refuses, and drops and counts what finds no room", () => {
    const sink = new Sink();
    sink.isBusy = true;
    const buffer = new LineBuffer(sink, { chunkChars: 8, maxPendingChars: 14 });
    for (const line of ["one", "two", "three", "six", "x"]) buffer.add(line);
    assert.equal(buffer.droppedCount, 2);
    assert.equal(buffer.lineCount, 3);
    assert.equal(buffer.pendingChars, 14);
    sink.isBusy = false;
    buffer.flush();
    assert.equal(buffer.pendingChars, 0);
    assert.deepEqual(sink.chunks, ["one\ntwo\n", "three\n"]);
  });

  it("hands a backlog on chunk by chunk, in order, to a sink that takes one at a time", () => {
    const chunks: string[] = [];
    let isBusy = true;
    const sink = {
      write(bytes: Buffer) {
        if (isBusy) return false;
        isBusy = true;
        chunks.push(bytes.toString("latin1"));
        return true;
      },
    };
    const buffer = new LineBuffer(sink, { chunkChars: 8, maxPendingChars: 100 });
    for (const line of ["one", "two", "three", "four", "five"]) buffer.add(line);
    for (let i = 0; i < 3; i++) {
      isBusy = false;
      buffer.flush();
    }
    assert.deepEqual(chunks, ["one\ntwo\n", "three\nfour\n", "five\n"]);
  });

  it("waits for a whole chunk when the sink becomes idle", () => {
    const sink = new Sink();
    const buffer = new LineBuffer(sink, { chunkChars: 8, maxPendingChars: 100 });
    buffer.add("one");
    buffer.flushFull();
    assert.deepEqual(sink.chunks, []);
  });
});
