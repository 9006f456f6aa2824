import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Fields } from "../../message/index.ts";
import type { ResponseHead } from "../../message/index.ts";
import { assembleFrame } from "./frame-text.suite.ts";
import { H2 } from "./index.ts";
import { head, Server, text } from "./session-driver.suite.ts";
import { ClientLog, ServerLog } from "./session-recorder.suite.ts";

suite("what a connection begins with: RFC 9113 section 3.4", () => {
  test("a server: its SETTINGS, and a larger window", () => {
    const server = new ServerLog();
    server.session.start();
    assert.deepEqual(server.log.take(), [
      "sent settings 3=100 8=1 4=65536 6=61440 9=1",
      "sent window 0 983041",
    ]);
  });

  test("a client: the preface, its SETTINGS with push off, and a larger window", () => {
    const client = new ClientLog();
    client.session.start();
    assert.deepEqual(client.log.take(), [
      "sent preface",
      "sent settings 2=0 4=65536 6=61440 9=1",
      "sent window 0 983041",
    ]);
  });

  test("the acknowledgement of our SETTINGS is noted", () => {
    const server = new Server();
    assert.equal(server.session.hasSettingsAck, false);
    server.read("settings ack");
    assert.equal(server.session.hasSettingsAck, true);
  });
});

suite("responses: RFC 9113 section 8.1", () => {
  test("the last of a body and the end are one frame", () => {
    const server = new Server();
    server.read("get 1");
    const stream = server.stream(1);
    stream.writeHead(head(200), false);
    stream.writeBody(text("hello, "));
    stream.writeBody(text("world"));
    stream.writeEnd(null);
    assert.deepEqual(server.sent(), [
      "sent headers 1 :status=200",
      'sent data 1 "hello, "',
      'sent data 1 end "world"',
      "closed 1",
    ]);
  });

  test("an end behind what was flushed is a frame of its own", () => {
    const server = new Server();
    server.read("get 1");
    const stream = server.stream(1);
    stream.writeHead(head(200), false);
    stream.writeBody(text("x"));
    server.sent();
    stream.writeEnd(null);
    assert.deepEqual(server.sent(), ['sent data 1 end ""', "closed 1"]);
  });

  test("bodies of two streams written in turn stay in order", () => {
    const server = new Server();
    server.read("get 1", "get 3");
    const [one, three] = [server.stream(1), server.stream(3)];
    one.writeHead(head(200), false);
    one.writeBody(text("a"));
    three.writeHead(head(200), false);
    three.writeBody(text("b"));
    one.writeBody(text("c"));
    one.writeEnd(null);
    three.writeEnd(null);
    assert.deepEqual(server.sent(), [
      "sent headers 1 :status=200",
      "sent headers 3 :status=200",
      'sent data 1 "a"',
      'sent data 3 "b"',
      'sent data 1 end "c"',
      "closed 1",
      'sent data 3 end ""',
      "closed 3",
    ]);
  });

  test("trailers end a stream", () => {
    const server = new Server();
    server.read("get 1");
    const stream = server.stream(1);
    stream.writeHead(head(200, [["content-type", "application/grpc"]]), false);
    stream.writeBody(text("x"));
    stream.writeEnd(Fields.of([["grpc-status", "0"]]));
    assert.deepEqual(server.sent(), [
      "sent headers 1 :status=200 content-type=application/grpc",
      'sent data 1 "x"',
      "sent headers 1 end grpc-status=0",
      "closed 1",
    ]);
  });

  test("informational responses come before the head, and only there", () => {
    const server = new Server();
    server.read("post 1");
    const stream = server.stream(1);
    stream.writeInformational(head(100));
    stream.writeInformational(head(103, [["link", "</x>"]]));
    stream.writeHead(head(200), false);
    stream.writeInformational(head(103));
    assert.deepEqual(server.sent(), [
      "sent headers 1 :status=100",
      "sent headers 1 :status=103 link=</x>",
      "sent headers 1 :status=200",
    ]);
  });

  test("content-length is what the head's bodyLength is", () => {
    const cases: [ResponseHead, string][] = [
      [head(200, [["content-length", "5"]], 5), ":status=200 content-length=5"],
      [head(200, [], 5), ":status=200 content-length=5"],
      [head(200, [["content-length", "7"]], 5), ":status=200 content-length=5"],
      [head(200, [["content-length", "7"]]), ":status=200"],
      [head(200, [["content-length", "0"]], 0), ":status=200 content-length=0"],
    ];
    for (const [response, expected] of cases) {
      const server = new Server();
      server.read("get 1");
      server.stream(1).writeHead(response, false);
      assert.deepEqual(server.sent(), [`sent headers 1 ${expected}`]);
    }
  });

  test("responses without a body end with their head: to HEAD, 204, 304", () => {
    for (const [request, status, expected] of [
      ["head", 200, ":status=200 content-length=5"],
      ["get 1", 304, ":status=304 content-length=5"],
      ["get 1", 204, ":status=204"],
    ] as const) {
      const server = new Server();
      if (request === "head") {
        const bytes = assembleFrame("headers 1 end", [
          ":method HEAD",
          ":scheme http",
          ":authority a",
          ":path /",
        ]);
        server.session.read(bytes, 0, bytes.length, 0);
        server.log.take();
      } else {
        server.read(request);
      }
      const stream = server.stream(1);
      stream.writeHead(head(status, [["content-length", "5"]], 0), false);
      stream.writeBody(text("hello"));
      stream.writeEnd(null);
      assert.deepEqual(server.sent(), [`sent headers 1 end ${expected}`, "closed 1"]);
    }
  });

  test("what frames an HTTP/1.1 message, and its connection, is not sent", () => {
    const server = new Server();
    server.read("get 1");
    const pairs: [string, string][] = [
      ["connection", "close"],
      ["keep-alive", "timeout=5"],
      ["transfer-encoding", "chunked"],
      ["upgrade", "h2c"],
      ["x-y", "1"],
    ];
    server.stream(1).writeHead(head(200, pairs), true);
    assert.deepEqual(server.sent(), ["sent headers 1 end :status=200 x-y=1", "closed 1"]);
  });

  test("a head larger than a frame goes on in CONTINUATION", () => {
    const server = new Server();
    server.read("get 1");
    const pairs = ["a", "b", "c"].map((name): [string, string] => [`x-${name}`, name.repeat(14_000)]);
    server.stream(1).writeHead(head(200, pairs), true);
    const lines = server.sent();
    assert.deepEqual(
      lines.map((line) => line.slice(0, 22)),
      ["sent headers 1 end mor", "sent continuation 1 mo", "sent continuation 1 :s", "closed 1"],
    );
    for (const [name, value] of pairs) assert.ok(lines[2].includes(`${name}=${value}`));
  });

  test("a status that HTTP/2 does not have is the owner's mistake, and changes nothing", () => {
    const server = new Server();
    server.read("get 1");
    const stream = server.stream(1);
    for (const status of [99, 600, 101, 200.5])
      assert.throws(() => stream.writeHead(head(status), true), RangeError);
    stream.writeHead(head(200), true);
    assert.deepEqual(server.sent(), ["sent headers 1 end :status=200", "closed 1"]);
  });

  test("a whole response before the request's end: the rest is not wanted", () => {
    const server = new Server();
    server.read("post 1", "data 1 text=x");
    const stream = server.stream(1);
    stream.writeHead(head(413), true);
    assert.deepEqual(server.sent(), ["sent headers 1 end :status=413", "sent rst 1 NO_ERROR", "closed 1"]);
    assert.deepEqual(server.read("data 1 text=y", "data 1 end text=z"), [], "what is under way is ignored");
  });

  test("a body before the head goes nowhere", () => {
    const server = new Server();
    server.read("get 1");
    const stream = server.stream(1);
    stream.writeBody(text("early"));
    stream.writeEnd(null);
    stream.writeHead(head(200), true);
    assert.deepEqual(server.sent(), ["sent headers 1 end :status=200", "closed 1"]);
  });

  test("nothing is written behind an end or a reset", () => {
    const server = new Server();
    server.read("get 1", "get 3");
    for (const id of [1, 3]) {
      const stream = server.stream(id);
      if (id === 1) stream.writeHead(head(200), true);
      else stream.reset(H2.CANCEL);
      server.sent();
      assert.equal(stream.isClosed, true);
      stream.writeHead(head(200), false);
      stream.writeBody(text("x"));
      stream.writeEnd(null);
      stream.reset(H2.CANCEL);
      assert.equal(stream.isHeldBack, false);
      assert.deepEqual(server.sent(), []);
    }
  });

  test("RFC 8441 section 5: 101 to an extended CONNECT is 200, and its halves end one by one", () => {
    const server = new Server();
    const fields = [":method CONNECT", ":protocol websocket", ":scheme http", ":authority a", ":path /chat"];
    const bytes = assembleFrame("headers 1", fields);
    server.session.read(bytes, 0, bytes.length, 0);
    server.log.take();
    const stream = server.stream(1);
    stream.writeHead(
      head(
        101,
        [
          ["upgrade", "websocket"],
          ["sec-websocket-protocol", "x"],
        ],
        0,
      ),
      false,
    );
    stream.writeBody(text("frame"));
    stream.writeEnd(null);
    assert.deepEqual(server.sent(), [
      "sent headers 1 :status=200 sec-websocket-protocol=x",
      'sent data 1 end "frame"',
    ]);
    assert.deepEqual(server.read("data 1 text=more", "data 1 end"), ['body 1 "more"', "end 1", "closed 1"]);
  });
});

suite("requests that come again", () => {
  test("a head is its owner's: what is done to one does not show in the next", () => {
    const server = new Server();
    const seen: string[] = [];
    for (let id = 1; id < 12; id += 2) {
      const bytes = assembleFrame(`get ${id}`, ["x-a 1", "cookie a=1"]);
      server.session.read(bytes, 0, bytes.length, 0);
      const request = server.lastHead!;
      seen.push(`${request.method} ${request.path} ${JSON.stringify(request.fields.toPairs())}`);
      request.path = "/elsewhere";
      request.fields.delete("x-a");
      request.fields.add("x-forwarded-for", "192.0.2.7");
    }
    assert.deepEqual(new Set(seen), new Set(['GET / [["x-a","1"],["cookie","a=1"]]']));
  });
});
