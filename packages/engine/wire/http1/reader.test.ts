import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { suite, test } from "node:test";
import type { RequestHead } from "../../message/index.ts";
import { LIMITS, Recorder } from "./transcript.suite.ts";
import { RequestReader, ResponseReader } from "./index.ts";

const bytes = (text: string) => Buffer.from(text, "latin1");
const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

class Heads extends Recorder {
  readonly heads: RequestHead[] = [];
  override onRequestHead(head: RequestHead, isLast: boolean, keepAlive: boolean): void {
    this.heads.push(head);
    super.onRequestHead(head, isLast, keepAlive);
  }
}

function requests(recorder: Recorder = new Recorder()): RequestReader {
  return new RequestReader(LIMITS, "http", "refuse", ["websocket"], recorder);
}

suite("a reader's life", () => {
  test("read stops behind a message, also when its event calls for the next one", () => {
    const recorder = new Recorder();
    const reader = requests(recorder);
    recorder.onRequestHead = () => reader.next();
    const input = bytes(GET + GET);
    assert.equal(reader.read(input, 0, input.length), GET.length);
    assert.equal(reader.state, "idle");
    assert.equal(reader.read(input, GET.length, input.length), input.length);
  });

  test("a closed reader takes and says nothing more, also from within an event", () => {
    const recorder = new Recorder();
    const reader = requests(recorder);
    recorder.onRequestBody = () => reader.close();
    const input = bytes(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi${GET}`);
    reader.read(input, 0, input.length);
    assert.equal(reader.state, "dead");
    assert.equal(reader.read(input, 0, input.length), 0);
    reader.next();
    assert.deepEqual(recorder.finish(reader.state).slice(1), ["field content-length: 2", "state dead"]);
  });

  test("next before the end of a request is a mistake of the caller's", () => {
    const reader = requests();
    assert.throws(() => reader.next(), /state idle/);
    const responses = new ResponseReader(LIMITS, new Recorder());
    responses.expect("GET", "");
    assert.throws(() => responses.expect("GET", ""), /state head/);
  });

  test("a response that nobody asked for is not read (threat 35)", () => {
    const recorder = new Recorder();
    const reader = new ResponseReader(LIMITS, recorder);
    const input = bytes("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert.equal(reader.read(input, 0, input.length), 0);
    reader.finish();
    assert.deepEqual(recorder.finish(reader.state), ["state idle"]);
  });

  test("startTunnel within the event of a 101 makes the rest of the read its body", () => {
    const recorder = new Recorder();
    const reader = new ResponseReader(LIMITS, recorder);
    recorder.onResponseHead = () => reader.startTunnel();
    reader.expect("GET", "websocket");
    const input = bytes("HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\nframes");
    assert.equal(reader.read(input, 0, input.length), input.length);
    reader.finish();
    assert.deepEqual(recorder.finish(reader.state), ['body "frames"', "end", "state done"]);
  });

  test("says how long an upstream keeps an idle connection", () => {
    const reader = new ResponseReader(LIMITS, new Recorder());
    for (const [value, seconds] of [
      ["timeout=5, max=100", 5],
      ["max=3,TIMEOUT=7", 7],
      ["timeout=x", 0],
      ["5", 0],
    ]) {
      reader.expect("GET", "");
      const input = bytes(`HTTP/1.1 200 OK\r\nContent-Length: 0\r\nKeep-Alive: ${value}\r\n\r\n`);
      reader.read(input, 0, input.length);
      assert.equal(reader.keepAliveSeconds, seconds);
    }
  });

  test("a partial head of one connection does not show in another's", () => {
    const first = requests();
    const partial = bytes("GET / HTTP/1.1\r\nHost: one\r\nX-A: 1\r\n");
    first.read(partial, 0, partial.length);
    const heads = new Heads();
    const second = requests(heads);
    const whole = bytes("GET / HTTP/1.1\r\nHost: two\r\nX-B: 2\r\n\r\n");
    second.read(whole, 0, whole.length);
    assert.equal(heads.heads[0].authority, "two");
    assert.deepEqual(heads.heads[0].fields.toPairs(), [["x-b", "2"]]);
  });
});

test("h2c is dropped also where a setting allows it (threat 12)", () => {
  const heads = new Heads();
  const reader = new RequestReader(LIMITS, "http", "refuse", ["h2c", "irc"], heads);
  const input = bytes("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c, IRC\r\n\r\n");
  reader.read(input, 0, input.length);
  assert.equal(heads.heads[0].upgrade, "irc");
});

test("signed chunks may go on for as long as data comes with them", () => {
  const recorder = new Recorder();
  const reader = requests(recorder);
  const head = bytes("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  reader.read(head, 0, head.length);
  const chunk = bytes(`2000;chunk-signature=${"f".repeat(64)}\r\n${"x".repeat(8_192)}\r\n`);
  for (let i = 0; i < 200; i++) reader.read(chunk, 0, chunk.length);
  assert.equal(reader.state, "body");
});

suite("what a slow or greedy sender costs", () => {
  test("no more than the head's limit is held", () => {
    const recorder = new Recorder();
    const reader = requests(recorder);
    const line = bytes(`X: ${"y".repeat(1_000)}`);
    reader.read(bytes("GET / HTTP/1.1\r\n"), 0, 16);
    let reads = 0;
    while (reader.state !== "dead" && ++reads < 100) reader.read(line, 0, line.length);
    assert.ok(reads <= 5, `${reads} reads of 1 kB against a limit of 4 KiB`);
    assert.match(recorder.events[0], /^refused HDL_REQUEST_HEAD_TOO_LARGE/);
  });
});

test("hot objects have the same keys in the same order, whatever the message", () => {
  const recorder = new Heads();
  const reader = requests(recorder);
  const all = [
    GET,
    "POST /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nX: y\r\n\r\nz",
    "GET //x HTTP/1.1\r\nHost: A\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    "POST / HTTP/1.0\r\nContent-Length: 9007199254740991\r\nConnection: close\r\n\r\n",
  ];
  for (const text of all) {
    const input = bytes(text);
    reader.read(input, 0, input.length);
    if (reader.state === "done") reader.next();
  }
  assert.equal(recorder.heads.length, all.length);
  for (const head of recorder.heads) {
    assert.deepEqual(Object.keys(head), Object.keys(recorder.heads[0]));
    assert.deepEqual(Object.keys(head.fields), Object.keys(recorder.heads[0].fields));
  }
});
