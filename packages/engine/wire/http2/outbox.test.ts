import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { suite, test } from "node:test";
import { Fields } from "../../message/index.ts";
import { H2 } from "./index.ts";
import { head, Server, text } from "./session-driver.suite.ts";

suite("sending within windows: RFC 9113 section 6.9", () => {
  test("a body larger than a frame is cut", () => {
    const server = new Server();
    server.read("get 1");
    const stream = server.stream(1);
    stream.writeHead(head(200), false);
    stream.writeBody(Buffer.alloc(40_000, "x"));
    stream.writeEnd(null);
    assert.deepEqual(server.sent(), [
      "sent headers 1 :status=200",
      "sent data 1 16375 octets",
      "sent data 1 16375 octets",
      "sent data 1 7250 octets",
      'sent data 1 end ""',
      "closed 1",
    ]);
  });

  test("a very large body is cut, and arrives as it was", () => {
    const server = new Server({}, "settings 4=2000000");
    server.read("get 1", "window 0 2000000");
    const stream = server.stream(1);
    const body = Buffer.from(Array.from({ length: 200_000 }, (_, i) => i % 251));
    stream.writeHead(head(200), false);
    stream.writeBody(body);
    stream.writeEnd(null);
    server.session.flush();
    assert.deepEqual(Buffer.concat(server.log.dataSent), body);
  });

  test("what the window does not let pass waits, and goes when it opens, the end with it", () => {
    const server = new Server({}, "settings 4=4");
    server.read("get 1");
    const stream = server.stream(1);
    stream.writeHead(head(200), false);
    stream.writeBody(text("abc"));
    stream.writeBody(text("defgh"));
    stream.writeBody(text("ij"));
    stream.writeEnd(null);
    assert.equal(stream.isStalled, true);
    assert.equal(server.session.isStalled, true);
    assert.deepEqual(server.sent(), ["sent headers 1 :status=200", 'sent data 1 "abc"', 'sent data 1 "d"']);
    assert.deepEqual(server.read("window 1 5"), ['sent data 1 "efghi"']);
    assert.deepEqual(server.read("window 1 5"), ['sent data 1 end "j"', "closed 1"]);
    assert.equal(server.session.isStalled, false);
    assert.equal(server.session.sentBodyBytes, 10);
  });

  test("trailers wait behind the body", () => {
    const server = new Server({}, "settings 4=1");
    server.read("get 1");
    const stream = server.stream(1);
    stream.writeHead(head(200), false);
    stream.writeBody(text("ab"));
    stream.writeEnd(Fields.of([["grpc-status", "0"]]));
    server.sent();
    assert.deepEqual(server.read("window 1 1"), [
      'sent data 1 "b"',
      "sent headers 1 end grpc-status=0",
      "closed 1",
    ]);
  });

  test("streams that wait for the connection's window have it in turn, a frame each", () => {
    const server = new Server({}, "settings 4=1000000");
    server.read("get 1", "get 3", "get 5");
    for (const id of [1, 3, 5]) {
      server.stream(id).writeHead(head(200), false);
      server.stream(id).writeBody(Buffer.alloc(65_535, "x"));
    }
    server.sent();
    assert.deepEqual(server.read("window 0 70000"), [
      "sent data 3 16384 octets",
      "sent data 5 16384 octets",
      "sent data 3 16384 octets",
      "sent data 5 16384 octets",
      "sent data 3 4464 octets",
    ]);
  });

  test("a stream without a window does not stop the others", () => {
    const server = new Server({}, "settings 4=10");
    server.read("get 1", "get 3", "window 3 100");
    server.stream(1).writeHead(head(200), false);
    server.stream(1).writeBody(Buffer.alloc(30, "a"));
    server.stream(3).writeHead(head(200), false);
    server.stream(3).writeBody(Buffer.alloc(30, "b"));
    server.stream(3).writeEnd(null);
    const lines = server.sent();
    assert.ok(lines.includes(`sent data 3 end "${"b".repeat(30)}"`), lines.join());
    assert.equal(server.stream(3).isClosed, true);
  });

  test("an owner is held back above the high-water mark, and let on when half of it is gone", () => {
    const server = new Server({ highWaterBytes: 2_000 }, "settings 4=0");
    server.read("get 1");
    const stream = server.stream(1);
    const owner = server.owners.get(1)!;
    stream.writeHead(head(200), false);
    stream.writeBody(Buffer.alloc(1_000, "x"));
    assert.equal(stream.isHeldBack, false);
    stream.writeBody(Buffer.alloc(1_500, "x"));
    assert.equal(stream.isHeldBack, true);
    server.read("window 1 1000");
    assert.equal(owner.drains, 0);
    server.read("window 1 1000");
    assert.equal(owner.drains, 1);
    server.read("window 1 1000");
    assert.equal(owner.drains, 1, "once");
  });

  test("many small chunks are charged for what they cost", () => {
    const server = new Server({ highWaterBytes: 2_000 }, "settings 4=0");
    server.read("get 1");
    const stream = server.stream(1);
    stream.writeHead(head(200), false);
    for (let i = 0; i < 20; i++) stream.writeBody(text("x"));
    assert.equal(stream.isHeldBack, true);
  });

  test("what an owner writes when it is let on comes behind what waited", () => {
    const server = new Server({ highWaterBytes: 10 }, "settings 4=0");
    server.read("get 1");
    const stream = server.stream(1);
    stream.writeHead(head(200), false);
    stream.writeBody(text("0123456789"));
    assert.equal(stream.isHeldBack, true);
    server.owners.get(1)!.onDrained = () => {
      stream.writeBody(text("abc"));
      stream.writeEnd(null);
    };
    server.sent();
    assert.deepEqual(server.read("window 1 100"), [
      'sent data 1 "0123456789"',
      'sent data 1 end "abc"',
      "closed 1",
    ]);
  });

  test("while the connection holds back, bodies wait, and heads go", () => {
    const server = new Server();
    server.read("get 1", "get 3");
    server.session.setWritable(false);
    const [one, three] = [server.stream(1), server.stream(3)];
    for (const stream of [one, three]) {
      stream.writeHead(head(200), false);
      stream.writeBody(text("x"));
      assert.equal(stream.isHeldBack, true);
    }
    one.writeEnd(null);
    assert.equal(server.session.isStalled, false, "that is the connection's doing");
    assert.deepEqual(server.sent(), ["sent headers 1 :status=200", "sent headers 3 :status=200"]);
    server.session.setWritable(true);
    assert.deepEqual(server.sent(), ['sent data 1 end "x"', "closed 1", 'sent data 3 "x"']);
    assert.equal(server.owners.get(3)!.drains, 1);
  });

  test("an owner that was told to hold by the connection alone hears when it drains", () => {
    const server = new Server();
    server.read("get 1");
    server.session.setWritable(false);
    assert.equal(server.stream(1).isHeldBack, true);
    server.session.setWritable(true);
    assert.equal(server.owners.get(1)!.drains, 1);
  });

  test("a peer that makes us write and does not read is cut off", () => {
    const server = new Server({ maxPendingControlFrames: 3, controlFramesPerSecond: 1_000 });
    server.session.setWritable(false);
    for (let i = 0; i < 3; i++) server.read("ping 12345678");
    assert.equal(server.session.isDead, false);
    assert.deepEqual(server.read("ping 12345678").slice(-1), [
      "fault HDL_DOWNSTREAM_FLOOD: ENHANCE_YOUR_CALM: more than 3 frames wait for a peer that does not read",
    ]);
  });
});

suite("a connection that ends within an owner's call", () => {
  test("each stream is closed once", () => {
    const server = new Server({ maxPendingControlFrames: 0 });
    server.read("post 1", "post 3");
    server.session.setWritable(false);
    server.stream(1).reset(H2.CANCEL);
    const fault = "ENHANCE_YOUR_CALM: more than 0 frames wait for a peer that does not read";
    assert.deepEqual(server.sent(), [
      "sent rst 1 CANCEL",
      "sent goaway 3 ENHANCE_YOUR_CALM",
      "closed 1",
      `reset 3 HDL_DOWNSTREAM_FLOOD no: ${fault}`,
      "closed 3",
      `fault HDL_DOWNSTREAM_FLOOD: ${fault}`,
    ]);
  });
});

suite("holding a peer back: RFC 9113 section 6.9", () => {
  test("a paused stream's window stays shut, the connection's and the others' open", () => {
    const server = new Server({ connectionWindowBytes: 65_535 });
    server.read("post 1", "post 3");
    server.stream(1).pause();
    assert.deepEqual(server.read("data 1 size=16384", "data 1 size=16384", "data 1 size=16384"), [
      "body 1 32768 octets",
      "sent window 0 32768",
      "body 1 16384 octets",
    ]);
    assert.deepEqual(
      server.read("data 3 size=16384", "data 3 size=16384").filter((line) => line.startsWith("sent")),
      ["sent window 0 32768", "sent window 3 32768"],
    );
    server.stream(1).resume();
    assert.deepEqual(server.sent(), ["sent window 1 49152"]);
    server.stream(1).resume();
    assert.deepEqual(server.sent(), []);
  });

  test("no more than the window comes behind a pause", () => {
    const server = new Server({ streamWindowBytes: 65_535 });
    server.read("settings ack", "post 1");
    server.stream(1).pause();
    server.read("data 1 size=16384", "data 1 size=16384", "data 1 size=16384", "data 1 size=16383");
    assert.deepEqual(server.read("data 1 text=x"), [
      "sent rst 1 FLOW_CONTROL_ERROR",
      "reset 1 HDL_REQUEST_MALFORMED no: DATA beyond the stream's window",
      "closed 1",
    ]);
  });
});
