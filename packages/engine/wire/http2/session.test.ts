import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { suite, test } from "node:test";
import { makeFault } from "../../base/index.ts";
import { H2 } from "./index.ts";
import { head, Server, text } from "./session-driver.suite.ts";
import { answerWith } from "./session-recorder.suite.ts";

suite("the end of a connection: RFC 9113 section 6.8", () => {
  test("a server drains in two steps: what is under way is still taken", () => {
    const server = new Server();
    server.answer = answerWith("ok");
    server.read("post 1");
    server.session.drain();
    assert.deepEqual(server.sent(), ["sent goaway 2147483647 NO_ERROR", "sent ping heddle d"]);
    assert.equal(server.session.isDrained, false);
    server.session.drain();
    assert.deepEqual(server.sent(), [], "once");
    assert.ok(server.read("get 3").includes('sent data 3 end "ok"'));
    assert.deepEqual(server.read("ping heddle\\sd ack"), ["sent goaway 3 NO_ERROR"]);
    assert.equal(server.session.isDrained, true);
    assert.deepEqual(server.read("get 5", "data 5 text=x"), [], "not answered, and no error");
    assert.ok(server.read("data 1 end").includes("closed 1"));
    assert.equal(server.session.streamCount, 0);
  });

  test("the second step does not wait for ever", () => {
    const server = new Server();
    server.session.drain();
    server.sent();
    server.session.finishDrain();
    assert.deepEqual(server.sent(), ["sent goaway 0 NO_ERROR"]);
    server.session.finishDrain();
    assert.deepEqual(server.read("ping heddle\\sd ack"), []);
  });

  test("abort: GOAWAY, every stream hears of it, and nothing is written any more", () => {
    const server = new Server();
    server.read("post 1", "get 3");
    server.session.abort(H2.SETTINGS_TIMEOUT, makeFault("HDL_DOWNSTREAM_IDLE_TIMEOUT", "no acknowledgement"));
    assert.deepEqual(server.sent(), [
      "sent goaway 3 SETTINGS_TIMEOUT",
      "reset 1 HDL_DOWNSTREAM_IDLE_TIMEOUT no: no acknowledgement",
      "closed 1",
      "reset 3 HDL_DOWNSTREAM_IDLE_TIMEOUT no: no acknowledgement",
      "closed 3",
    ]);
    server.stream(1).writeHead(head(200), true);
    server.session.ping();
    server.session.drain();
    assert.deepEqual(server.read("get 5"), []);
    assert.equal(server.session.isDead, true);
    assert.equal(server.session.streamCount, 0);
  });

  test("close: the transport is gone, so nothing is written", () => {
    const server = new Server();
    server.read("post 1");
    server.session.close(makeFault("HDL_DOWNSTREAM_RESET", "gone"));
    assert.deepEqual(server.sent(), ["reset 1 HDL_DOWNSTREAM_RESET no: gone", "closed 1"]);
  });

  test("our pings are answered to nobody else", () => {
    const server = new Server();
    server.session.ping();
    server.session.ping();
    assert.deepEqual(server.sent(), ["sent ping heddle k"], "one at a time");
    assert.deepEqual(server.read("ping heddle\\sk ack"), ["pong"]);
    assert.deepEqual(server.read("ping heddle\\sk ack"), []);
  });
});

suite("rates", () => {
  test("resets are counted by the second, not for ever", () => {
    const server = new Server({ resetsPerSecond: 10 });
    let id = 1;
    for (let second = 0; second < 20; second++) {
      server.now = second * 1_000;
      for (let i = 0; i < 10; i++, id += 2) server.read(`post ${id}`, `rst ${id} 8`);
    }
    assert.equal(server.session.isDead, false);
    server.read(`post ${id}`, `rst ${id} 8`);
    assert.equal(server.session.isDead, true);
  });

  test("threat 1: 10,000 resets at once get no further than some hundred", () => {
    const server = new Server();
    for (let id = 1; id < 20_000; id += 2) server.read(`get ${id}`, `rst ${id} 8`);
    assert.equal(server.session.isDead, true);
    assert.ok(server.streams.size < 300, String(server.streams.size));
  });

  test("a client that acknowledges every frame it is sent is no flood", () => {
    const server = new Server();
    let id = 1;
    for (let i = 0; i < 1_000; i++, id += 2) {
      server.read(`get ${id}`);
      server.stream(id).writeHead(head(200), false);
      for (let j = 0; j < 3; j++) {
        server.stream(id).writeBody(Buffer.alloc(100));
        server.read(`window ${id} 100`, "window 0 100");
      }
      server.stream(id).writeEnd(null);
      server.sent();
    }
    assert.equal(server.session.isDead, false);
  });
});

suite("memory", () => {
  test("a session forgets streams that are over (threat 6)", () => {
    const server = new Server();
    server.answer = answerWith("ok");
    for (let id = 1; id < 10_000; id += 2) server.read(`get ${id}`);
    assert.equal(server.session.streamCount, 0);
  });

  test("streams of a session have one shape", () => {
    const server = new Server();
    server.read("get 1", "post 3");
    server.stream(1).writeHead(head(200), false);
    server.stream(1).writeBody(text("x"));
    assert.deepEqual(Object.keys(server.stream(1)), Object.keys(server.stream(3)));
  });
});
