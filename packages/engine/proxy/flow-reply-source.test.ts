import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { makeFault } from "../base/index.ts";
import type { BodySource, Filter, Reply } from "../filter/index.ts";
import { drive } from "./flow-driver.suite.ts";

/** A body in parts, each there when the test says so. */
class ScriptedSource implements BodySource {
  readonly length: number;
  reads = 0;
  private waiting: PromiseWithResolvers<Uint8Array> | null = null;

  constructor(length: number) {
    this.length = length;
  }

  read(): Promise<Uint8Array> {
    assert.equal(this.waiting, null, "it is asked again before it has answered");
    this.reads++;
    this.waiting = Promise.withResolvers();
    return this.waiting.promise;
  }

  private take(): PromiseWithResolvers<Uint8Array> {
    const { waiting } = this;
    assert.ok(waiting !== null, "it was asked");
    this.waiting = null;
    return waiting;
  }

  async give(text: string): Promise<void> {
    this.take().resolve(Buffer.from(text));
    await turn();
  }

  async fail(): Promise<void> {
    this.take().reject(new Error("the disk is gone"));
    await turn();
  }
}

const replying = (source: BodySource, own: Partial<Filter> = {}): Filter => ({
  name: "r",
  requestHead: () => ({ status: 200, headers: [], body: "", source }),
  ...own,
});

test("a body that is read as it goes out: the next part is read when the client took the last", async () => {
  const source = new ScriptedSource(9);
  const run = drive({ method: "POST", body: "chunked", filters: [replying(source)] });
  assert.equal(run.sink.head?.fields.get("content-length"), "9");
  await source.give("abc");
  assert.equal(source.reads, 2);
  run.sink.isFull = true;
  await source.give("def");
  assert.equal(source.reads, 2, "the client has not taken what there is");
  assert.ok(run.sink.isPaused);
  run.client.onResponseDrain();
  assert.equal(source.reads, 3);
  run.client.onResponseDrain();
  assert.equal(source.reads, 3, "one read at a time");
  await source.give("ghi");
  assert.equal(run.sink.body, "abcdefghi");
  assert.equal(run.exchange.responseBytes, 9);
  run.assertOver();
});

for (const parts of [[], ["abc"]])
  test(`a body that cannot be read after ${parts.length} parts is no whole response`, async () => {
    const source = new ScriptedSource(9);
    const run = drive({ filters: [replying(source)] });
    for (const part of parts) await source.give(part);
    await source.fail();
    assert.equal(run.sink.fault?.code, "HDL_FILTER_FAILED");
    assert.equal(run.sink.body, parts.join(""));
    run.assertOver();
  });

for (const [part, what] of [
  ["", "nothing"],
  ["0123456789", "more than its length"],
])
  test(`a source that gives ${what} breaks its response`, async () => {
    const source = new ScriptedSource(9);
    const run = drive({ filters: [replying(source)] });
    await source.give(part!);
    assert.equal(run.sink.fault?.code, "HDL_FILTER_FAILED");
    assert.equal(run.sink.body, "");
    run.assertOver();
  });

test("a client that leaves while its body is read gets no more of it, and the filter hears of the end", async () => {
  const source = new ScriptedSource(9);
  let ends = 0;
  const run = drive({ filters: [replying(source, { end: () => void ends++ })] });
  run.client.onRequestReset(makeFault("HDL_DOWNSTREAM_RESET", "gone"));
  assert.equal(ends, 1);
  await source.give("abc");
  assert.deepEqual([run.sink.body, source.reads], ["", 1]);
  run.assertOver();
});

test("HEAD reads nothing", () => {
  const source = new ScriptedSource(9);
  const run = drive({ method: "HEAD", filters: [replying(source)] });
  assert.equal(run.sink.head?.fields.get("content-length"), "9");
  assert.equal(source.reads, 0);
  run.assertOver();
});

test("it passes the body filters of those before the one that replies", async () => {
  const source = new ScriptedSource(6);
  const seen: string[] = [];
  const observer: Filter = {
    name: "o",
    responseBody: {
      mode: "observe",
      chunk: (_, bytes) => void seen.push(Buffer.from(bytes).toString()),
      end: () => void seen.push("end"),
    },
  };
  const run = drive({ filters: [observer, replying(source)] });
  await source.give("abc");
  await source.give("def");
  assert.deepEqual(seen, ["abc", "def", "end"]);
  run.assertOver();
});

for (const hasFrom of [true, false])
  test(`in place of a response, ${hasFrom ? "as a stored one" : "unseen"}`, async () => {
    const source = new ScriptedSource(6);
    const filter: Filter = {
      name: "r",
      responseHead: (): Reply => ({
        status: 200,
        headers: [],
        body: "",
        source,
        ...(hasFrom ? { from: filter } : {}),
      }),
    };
    const run = drive({ filters: [filter] });
    run.attempt.respond(304, "");
    await source.give("abc");
    await source.give("def");
    assert.equal(run.sink.body, "abcdef");
    run.assertOver();
  });
