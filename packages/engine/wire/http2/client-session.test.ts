import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Fields, LENGTH_UNKNOWN } from "../../message/index.ts";
import { assembleFrame } from "./frame-text.suite.ts";
import { H2 } from "./index.ts";
import { Client, Server, text } from "./session-driver.suite.ts";
import { ClientLog, requestHead } from "./session-recorder.suite.ts";

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
