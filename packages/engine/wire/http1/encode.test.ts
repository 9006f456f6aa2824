import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { suite, test } from "node:test";
import { Fields, LENGTH_UNKNOWN, RequestHead, ResponseHead } from "../../message/index.ts";
import { LIMITS } from "./transcript.suite.ts";
import {
  encodeChunkSize,
  encodeLastChunk,
  encodeRequestHead,
  encodeResponseHead,
  LAST_CHUNK,
  RequestReader,
  responseFraming,
} from "./index.ts";

function parseRequest(text: string): RequestHead {
  let result: RequestHead | null = null;
  const reader = new RequestReader(LIMITS, "http", "refuse", ["websocket"], {
    onRequestHead: (head) => (result = head),
    onRequestBody: () => {},
    onRequestEnd: () => {},
    onRequestMalformed: (fault) => assert.fail(fault.message),
  });
  const bytes = Buffer.from(text, "latin1");
  reader.read(bytes, 0, bytes.length);
  return result!;
}

function request(method: string, bodyLength: number, ...pairs: [string, string][]): RequestHead {
  const head = new RequestHead(method, "http", "a", "/p", "?q", Fields.of(pairs));
  head.bodyLength = bodyLength;
  return head;
}

function response(status: number, bodyLength: number, ...pairs: [string, string][]): ResponseHead {
  return new ResponseHead(status, Fields.of(pairs), bodyLength);
}

suite("request heads", () => {
  test("keep the spelling of the host that was asked for, and lose it when the authority is rewritten", () => {
    const head = parseRequest("GET / HTTP/1.1\r\nHost: Shop.Example:8080\r\n\r\n");
    assert.equal(head.authority, "shop.example:8080");
    assert.match(encodeRequestHead(head.clone()), /\r\nhost: Shop\.Example:8080\r\n/);
    head.authority = "other.example";
    assert.match(encodeRequestHead(head), /\r\nhost: other\.example\r\n/);
  });

  test("keep names, order and octets of untouched fields, and leave the connection's behind", () => {
    const head = parseRequest(
      "GET /a?b HTTP/1.1\r\nHost: X\r\nX-One:1\r\nConnection: x-two\r\nX-Two: 2\r\nx-THREE:  \xe9 \r\n\r\n",
    );
    head.fields.add("x-four", "4");
    assert.equal(
      encodeRequestHead(head),
      "GET /a?b HTTP/1.1\r\nhost: X\r\nX-One:1\r\nx-THREE:  \xe9 \r\nx-four: 4\r\n\r\n",
    );
  });

  test("frame the body from the head's members", () => {
    const start = "POST /p?q HTTP/1.1\r\nhost: a\r\n";
    assert.equal(encodeRequestHead(request("POST", 5)), `${start}content-length: 5\r\n\r\n`);
    assert.equal(encodeRequestHead(request("POST", 0)), `${start}\r\n`);
    assert.equal(
      encodeRequestHead(request("POST", 0, ["content-length", "0"])),
      `${start}content-length: 0\r\n\r\n`,
    );
    assert.equal(
      encodeRequestHead(request("POST", LENGTH_UNKNOWN)),
      `${start}transfer-encoding: chunked\r\n\r\n`,
    );
  });

  test("a filter cannot frame them otherwise (threats 8, 11)", () => {
    const start = "POST /p?q HTTP/1.1\r\nhost: a\r\n";
    const pairs: [string, string][] = [
      ["content-length", "7"],
      ["transfer-encoding", "gzip"],
      ["host", "b"],
      ["connection", "x"],
      ["upgrade", "h2c"],
      ["expect", "100-continue"],
    ];
    assert.equal(encodeRequestHead(request("POST", 5, ...pairs)), `${start}content-length: 5\r\n\r\n`);
    assert.equal(
      encodeRequestHead(request("POST", LENGTH_UNKNOWN, ...pairs)),
      `${start}transfer-encoding: chunked\r\n\r\n`,
    );
    const twice = request("POST", 5, ["content-length", "5"], ["content-length", "5"]);
    assert.equal(encodeRequestHead(twice), `${start}content-length: 5\r\n\r\n`);
  });

  test("upgrade, te and expect are written from members", () => {
    const head = request("GET", 0);
    const start = "GET /p?q HTTP/1.1\r\nhost: a\r\n";
    head.upgrade = "websocket";
    assert.equal(encodeRequestHead(head), `${start}connection: upgrade\r\nupgrade: websocket\r\n\r\n`);
    head.acceptsTrailers = true;
    assert.equal(
      encodeRequestHead(head),
      `${start}connection: upgrade, te\r\nupgrade: websocket\r\nte: trailers\r\n\r\n`,
    );
    head.upgrade = "";
    head.expectsContinue = true;
    assert.equal(encodeRequestHead(head), `${start}connection: te\r\nte: trailers\r\n\r\n`);
    assert.equal(
      encodeRequestHead(head, true),
      `${start}connection: te\r\nte: trailers\r\nexpect: 100-continue\r\n\r\n`,
    );
  });

  test("CONNECT and OPTIONS * have targets of their own", () => {
    const connect = new RequestHead("CONNECT", "http", "a:443", "", "", new Fields());
    assert.equal(encodeRequestHead(connect), "CONNECT a:443 HTTP/1.1\r\nhost: a:443\r\n\r\n");
    const options = new RequestHead("OPTIONS", "http", "a", "*", "", new Fields());
    assert.equal(encodeRequestHead(options), "OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n");
  });

  test("a rewrite that would split the head is thrown, not written (threat 11)", () => {
    const bad: [string, string, string, string][] = [
      ["GET", "a", "/p HTTP/1.1\r\nx: y", ""],
      ["GET", "a", "/p", "? "],
      ["GET", "a", "", ""],
      ["GET", "a\r\nx: y", "/", ""],
      ["GET /", "a", "/", ""],
      ["GET", "a", "/\u010a", ""],
      ["GET", "a", "/#", ""],
    ];
    for (const [method, authority, path, query] of bad) {
      const head = new RequestHead(method, "http", authority, path, query, new Fields());
      assert.throws(() => encodeRequestHead(head), RangeError, JSON.stringify(path));
    }
  });
});

suite("response heads (RFC 9112 section 6.3)", () => {
  const cases: [string, ResponseHead, string, number, boolean, string, string][] = [
    ["a length", response(200, 5), "GET", 11, true, "length", "200 OK\r\ncontent-length: 5"],
    ["no body", response(200, 0), "GET", 11, true, "length", "200 OK\r\ncontent-length: 0"],
    ["chunks", response(200, -1), "GET", 11, true, "chunked", "200 OK\r\ntransfer-encoding: chunked"],
    ["chunks, not for HTTP/1.0", response(200, -1), "GET", 10, true, "close", "200 OK\r\nconnection: close"],
    [
      "keep-alive in HTTP/1.0",
      response(200, 1, ["content-length", "1"]),
      "GET",
      10,
      true,
      "length",
      "200 OK\r\ncontent-length: 1\r\nconnection: keep-alive",
    ],
    [
      "close",
      response(404, 0),
      "GET",
      11,
      false,
      "length",
      "404 Not Found\r\ncontent-length: 0\r\nconnection: close",
    ],
    [
      "HEAD keeps a length",
      response(200, 0, ["content-length", "5"]),
      "HEAD",
      11,
      true,
      "none",
      "200 OK\r\ncontent-length: 5",
    ],
    ["HEAD without a length", response(200, -1), "HEAD", 11, true, "none", "200 OK"],
    ["204", response(204, 0, ["content-length", "0"]), "GET", 11, true, "none", "204 No Content"],
    [
      "304 keeps a length",
      response(304, 0, ["content-length", "5"]),
      "GET",
      11,
      true,
      "none",
      "304 Not Modified\r\ncontent-length: 5",
    ],
    ["100", response(100, 0), "PUT", 11, true, "none", "100 Continue"],
    ["103", response(103, 0, ["link", "</x>"]), "GET", 11, false, "none", "103 Early Hints\r\nlink: </x>"],
    [
      "101",
      response(101, 0, ["upgrade", "websocket"]),
      "GET",
      11,
      false,
      "none",
      "101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade",
    ],
    ["CONNECT", response(200, 0, ["content-length", "5"]), "CONNECT", 11, true, "none", "200 OK"],
    [
      "CONNECT refused",
      response(403, 0),
      "CONNECT",
      11,
      true,
      "length",
      "403 Forbidden\r\ncontent-length: 0",
    ],
    ["a status without a phrase", response(299, 0), "GET", 11, true, "length", "299 \r\ncontent-length: 0"],
    [
      "a filter's framing",
      response(200, 2, ["transfer-encoding", "x"], ["content-length", "3"]),
      "GET",
      11,
      true,
      "length",
      "200 OK\r\ncontent-length: 2",
    ],
  ];
  for (const [title, head, method, version, keepAlive, framing, text] of cases) {
    test(title, () => {
      assert.equal(responseFraming(head, method, version), framing);
      assert.equal(encodeResponseHead(head, method, version, keepAlive), `HTTP/1.1 ${text}\r\n\r\n`);
    });
  }

  test("another reason", () => {
    const head = response(200, 0);
    head.reason = "Fine";
    assert.match(encodeResponseHead(head, "GET", 11, true), /^HTTP\/1\.1 200 Fine\r\n/);
    head.reason = "x\r\nset-cookie: y";
    assert.throws(() => encodeResponseHead(head, "GET", 11, true), RangeError);
    for (const status of [0, 99, 600, 1.5, NaN]) {
      for (const reason of ["", "x"]) {
        const odd = response(status, 0);
        odd.reason = reason;
        assert.throws(() => encodeResponseHead(odd, "GET", 11, true), RangeError, `${status}`);
      }
    }
  });
});

test("chunks (RFC 9112 section 7.1)", () => {
  assert.equal(encodeChunkSize(26), "1a\r\n");
  assert.equal(encodeChunkSize(2 ** 32), "100000000\r\n");
  assert.equal(encodeLastChunk(null), LAST_CHUNK);
  assert.equal(encodeLastChunk(Fields.of([["x-sum", "1"]])), "0\r\nx-sum: 1\r\n\r\n");
  assert.equal(encodeLastChunk(Fields.of([["content-length", "1"]])), LAST_CHUNK);
});
