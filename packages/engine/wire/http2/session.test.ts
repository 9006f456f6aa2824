import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { suite, test } from "node:test";
import { makeFault } from "../../base/index.ts";
import { Fields, LENGTH_UNKNOWN, ResponseHead } from "../../message/index.ts";
import { assembleFrame } from "./frame-text.suite.ts";
import { CLIENT_PREFACE, H2 } from "./index.ts";
import type { Http2Limits, Http2Stream } from "./index.ts";
import { answerWith, ClientLog, requestHead, ServerLog } from "./session-recorder.suite.ts";

/** A session that has had its peer's SETTINGS, with nothing noted yet. */
class Server extends ServerLog {
  now = 0;

  constructor(limits: Partial<Http2Limits> = {}, settings: string = "settings") {
    super(limits);
    this.session.start();
    const first = Buffer.concat([Buffer.from(CLIENT_PREFACE, "latin1"), assembleFrame(settings, [])]);
    this.session.read(first, 0, first.length, 0);
    this.log.take();
  }

  /** Reads frames; returns what came of them. */
  read(...lines: string[]): string[] {
    const bytes = Buffer.concat(lines.map((line) => assembleFrame(line, [])));
    this.session.read(bytes, 0, bytes.length, this.now);
    return this.sent();
  }

  sent(): string[] {
    this.session.flush();
    return this.log.take();
  }

  stream(id: number): Http2Stream {
    return this.streams.get(id)!;
  }
}

class Client extends ClientLog {
  constructor(settings: string = "settings") {
    super();
    this.session.start();
    this.read(settings);
    this.log.take();
  }

  read(...lines: string[]): string[] {
    const bytes = Buffer.concat(lines.map((line) => assembleFrame(line, [])));
    this.session.read(bytes, 0, bytes.length, 0);
    return this.sent();
  }

  sent(): string[] {
    this.session.flush();
    return this.log.take();
  }
}

const head = (status: number, pairs: [string, string][] = [], length = LENGTH_UNKNOWN) =>
  new ResponseHead(status, Fields.of(pairs), length);
const text = (octets: string) => Buffer.from(octets, "latin1");

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

suite("a client's streams", () => {
  const GET = "sent headers 1 end :method=GET :scheme=http :path=/x :authority=a";

  test("a request is a head, a body and trailers", () => {
    const client = new Client();
    const request = requestHead("POST", "/x", [["content-type", "application/grpc"]]);
    request.bodyLength = LENGTH_UNKNOWN;
    request.acceptsTrailers = true;
    const { stream } = client.open(request, false)!;
    stream.writeBody(text("hello"));
    stream.writeEnd(Fields.of([["x-checksum", "1"]]));
    assert.deepEqual(client.sent(), [
      "sent headers 1 :method=POST :scheme=http :path=/x :authority=a content-type=application/grpc te=trailers",
      'sent data 1 "hello"',
      "sent headers 1 end x-checksum=1",
    ]);
  });

  test("the host in the client's letters, unless it was rewritten", () => {
    const server = new Server();
    const bytes = assembleFrame("headers 1 end", [
      ":method GET",
      ":scheme http",
      ":authority Shop.Example:80",
      ":path /",
    ]);
    server.session.read(bytes, 0, bytes.length, 0);
    const request = server.lastHead!;
    assert.equal(request.authority, "shop.example:80");
    const client = new Client();
    client.open(request.clone(), true);
    request.authority = "other.example";
    client.open(request, true);
    assert.deepEqual(
      client.sent().map((line) => line.split(" ").at(-1)),
      [":authority=Shop.Example:80", ":authority=other.example"],
    );
  });

  test("a request without a body", () => {
    const client = new Client();
    client.open(requestHead("GET", "/x"), true);
    assert.deepEqual(client.sent(), [GET]);
  });

  test("RFC 8441 section 4: an upgrade is an extended CONNECT", () => {
    const client = new Client("settings 8=1");
    assert.equal(client.session.canConnectExtended, true);
    const request = requestHead("GET", "/chat");
    request.upgrade = "websocket";
    client.open(request, true);
    assert.deepEqual(client.sent(), [
      "sent headers 1 :method=CONNECT :protocol=websocket :scheme=http :path=/chat :authority=a",
    ]);
  });

  test("RFC 9113 section 8.5: CONNECT", () => {
    const client = new Client();
    const request = requestHead("CONNECT", "");
    request.authority = "a:443";
    client.open(request, false);
    assert.deepEqual(client.sent(), ["sent headers 1 :method=CONNECT :authority=a:443"]);
  });

  test("content-length is what the head's bodyLength is", () => {
    const client = new Client();
    const request = requestHead("POST", "/", [["content-length", "9"]]);
    request.bodyLength = 5;
    client.open(request, false);
    assert.deepEqual(client.sent(), [
      "sent headers 1 :method=POST :scheme=http :path=/ :authority=a content-length=5",
    ]);
  });

  test("a head that would break out of its fields is the owner's mistake, and opens nothing (threat 11)", () => {
    const client = new Client();
    for (const path of ["/a b", "/a\r\nb", "", "/é"]) {
      assert.throws(() => client.open(requestHead("GET", path), true), RangeError, path);
    }
    assert.throws(() => client.open(requestHead("GET /", "/"), true), RangeError);
    assert.equal(client.session.streamCount, 0);
    client.open(requestHead("GET", "/x"), true);
    assert.deepEqual(client.sent(), [GET]);
  });

  test("RFC 9113 section 5.1.2: no more streams than the peer takes", () => {
    const client = new Client("settings 3=2");
    assert.equal(client.session.openable, 2);
    const first = client.open(requestHead("GET", "/"), true)!;
    client.open(requestHead("GET", "/"), true);
    assert.equal(client.session.canOpen, false);
    assert.equal(client.open(requestHead("GET", "/"), true), null);
    client.read("ok 1 end");
    assert.equal(first.stream.isClosed, true);
    assert.equal(client.session.openable, 1);
    client.read("settings 3=1");
    assert.equal(client.session.canOpen, false);
  });

  test("before SETTINGS a hundred streams, behind SETTINGS without a limit any number", () => {
    const client = new ClientLog();
    client.session.start();
    assert.equal(client.session.openable, 100);
    assert.ok(new Client().session.openable > 1_000_000);
  });

  test("behind GOAWAY, and in its own drain, a client opens nothing", () => {
    const client = new Client();
    client.read("goaway 0 0");
    assert.equal(client.session.canOpen, false);
    const draining = new Client();
    draining.open(requestHead("GET", "/x"), true);
    draining.session.drain();
    assert.equal(draining.session.canOpen, false);
    assert.equal(draining.session.isDrained, true);
    assert.deepEqual(draining.sent(), [GET, "sent goaway 0 NO_ERROR"]);
    assert.deepEqual(draining.read("ok 1 end"), ["response 1 200 length=0 last", "closed 1"]);
  });

  test("a whole response while the request goes on leaves the stream to the owner", () => {
    const client = new Client();
    const request = requestHead("POST", "/");
    request.bodyLength = LENGTH_UNKNOWN;
    const { stream } = client.open(request, false)!;
    client.read("ok 1 end");
    assert.equal(stream.isClosed, false);
    stream.writeEnd(null);
    assert.ok(client.sent().includes("closed 1"));
  });

  test("a reset by the owner is CANCEL or what it says, and no event comes behind it", () => {
    const client = new Client();
    const { stream } = client.open(requestHead("GET", "/x"), true)!;
    client.sent();
    stream.reset(H2.CANCEL);
    assert.deepEqual(client.sent(), ["sent rst 1 CANCEL", "closed 1"]);
    assert.deepEqual(client.read("ok 1", "data 1 text=x", "data 1 end"), []);
  });

  test("many resets of an upstream are no flood", () => {
    const client = new Client();
    for (let id = 1; id < 1_000; id += 2) {
      client.open(requestHead("GET", "/"), true);
      client.read(`rst ${id} 7`);
    }
    assert.equal(client.session.isDead, false);
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
