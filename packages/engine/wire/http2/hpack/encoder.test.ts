import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { suite, test } from "node:test";
import { Fields } from "../../../message/index.ts";
import { HpackDecoder } from "./decoder.ts";
import { HpackEncoder } from "./encoder.ts";
import { decodeBlock } from "./hpack.suite.ts";

const hex = (text: string) => Buffer.from(text, "latin1").toString("hex");

/** Fields as HTTP/1.1 gives them: text and spans. */
function fieldsOf(lines: string): Fields {
  const spans: number[] = [];
  let start = 0;
  for (const line of lines.split("\r\n").slice(0, -1)) {
    const nameEnd = start + line.indexOf(":");
    spans.push(0, start, nameEnd, nameEnd + 2, start + line.length);
    start += line.length + 2;
  }
  return new Fields(lines, spans);
}

suite("what an encoder puts into the table", () => {
  test("a common field at once, and then it is an index", () => {
    const encoder = new HpackEncoder();
    assert.equal(encoder.field("server", "nginx").charCodeAt(0) & 0xc0, 0x40);
    assert.equal(hex(encoder.field("server", "nginx")), "be");
  });

  test("another field when it comes again", () => {
    const encoder = new HpackEncoder();
    assert.equal(encoder.field("x-app", "7").charCodeAt(0), 0x00);
    assert.equal(encoder.field("x-app", "7").charCodeAt(0), 0x40);
    assert.equal(hex(encoder.field("x-app", "7")), "be");
  });

  test("no value that is another each time", () => {
    const encoder = new HpackEncoder();
    for (let i = 0; i < 3; i++) assert.equal(hex(encoder.field("content-length", "5")).slice(0, 4), "0f0d");
  });

  test("RFC 7541 section 7.1.3: no secret, never, by nobody", () => {
    for (const name of ["authorization", "cookie", "set-cookie", "proxy-authorization", "x-api-key"]) {
      const encoder = new HpackEncoder();
      for (let i = 0; i < 3; i++) {
        assert.equal(encoder.field(name, "secret").charCodeAt(0) & 0xf0, 0x10, name);
      }
    }
  });

  test("RFC 7541 section 6.2.3: a field that came as never indexed goes out so", () => {
    const fields = fieldsOf("x-secret: 1\r\nserver: nginx\r\n");
    fields.sensitiveNames = ["x-secret"];
    fields.add("x-secret", "2");
    const encoder = new HpackEncoder();
    for (let i = 0; i < 3; i++) {
      const { fields: decoded } = decodeBlock(
        new HpackDecoder(),
        Buffer.from(encoder.fields(fields.clone(), true), "latin1"),
      );
      if (i > 0) break;
      assert.deepEqual(decoded, [
        ["x-secret", "1", true],
        ["server", "nginx", false],
        ["x-secret", "2", true],
      ]);
    }
    assert.equal(hex(encoder.fields(fields, true)).slice(0, 2), "10");
  });

  test("static entries are indexes", () => {
    const encoder = new HpackEncoder();
    assert.equal(hex(encoder.field(":status", "404")), "8d");
    assert.equal(hex(encoder.field("accept-encoding", "gzip, deflate")), "90");
    assert.equal(hex(encoder.field(":path", "/index.html")), "85");
  });

  test("no value that would drive out all others", () => {
    const encoder = new HpackEncoder();
    const long = "v".repeat(1_025);
    for (let i = 0; i < 3; i++) assert.notEqual(encoder.field("user-agent", long).charCodeAt(0) & 0xc0, 0x40);
  });
});

suite("RFC 7541 section 4.2: the size of the table", () => {
  test("a peer's smaller table is announced, and held to", () => {
    const encoder = new HpackEncoder();
    const decoder = new HpackDecoder();
    encoder.resize(100);
    const first =
      encoder.begin() + encoder.field("server", "a") + encoder.field("via", "b") + encoder.field("vary", "c");
    assert.equal(hex(first).slice(0, 4), "3f45");
    decodeBlock(decoder, Buffer.from(first, "latin1"));
    assert.ok(decoder.tableSize <= 100);
    assert.equal(encoder.begin(), "", "once");
  });

  test("a table of none is used for nothing", () => {
    const encoder = new HpackEncoder();
    encoder.resize(0);
    assert.equal(hex(encoder.begin()), "20");
    for (let i = 0; i < 3; i++) assert.notEqual(encoder.field("server", "nginx").charCodeAt(0) & 0xc0, 0x40);
  });

  test("several changes before a block: the smallest, and the last", () => {
    const encoder = new HpackEncoder();
    encoder.field("server", "nginx");
    encoder.resize(0);
    encoder.resize(200);
    assert.equal(hex(encoder.begin()), "203fa901");
    assert.equal(
      encoder.field("server", "nginx").charCodeAt(0) & 0xc0,
      0x40,
      "the entry went with the table",
    );
  });

  test("a larger table than ours is not used, and not announced", () => {
    const encoder = new HpackEncoder();
    encoder.resize(65_536);
    assert.equal(encoder.begin(), "");
  });
});

suite("fields of a head", () => {
  const HEAD = 'Server: nginx\r\nX-App: 7\r\nETag: W/"1"\r\n';

  test("names are lower-case, whatever they came in", () => {
    const block = new HpackEncoder().fields(fieldsOf(HEAD), true);
    const { fields } = decodeBlock(new HpackDecoder(), Buffer.from(block, "latin1"));
    assert.deepEqual(
      fields.map(([name]) => name),
      ["server", "x-app", "etag"],
    );
  });

  test("a head that comes again and again decodes the same each time, also after others and after changes", () => {
    const encoder = new HpackEncoder();
    const decoder = new HpackDecoder();
    const roundTrip = (fields: Fields, keepLength: boolean) =>
      decodeBlock(
        decoder,
        Buffer.from(encoder.begin() + encoder.fields(fields, keepLength), "latin1"),
      ).fields.map(([name, value]) => `${name}: ${value}`);
    const expected = ["server: nginx", "x-app: 7", 'etag: W/"1"'];
    for (let i = 0; i < 5; i++) assert.deepEqual(roundTrip(fieldsOf(HEAD), true), expected);
    const removed = fieldsOf(HEAD);
    removed.delete("x-app");
    assert.deepEqual(roundTrip(removed, true), ["server: nginx", 'etag: W/"1"']);
    const added = fieldsOf(HEAD);
    added.add("x-new", "1");
    for (let i = 0; i < 4; i++) assert.deepEqual(roundTrip(added, true), [...expected, "x-new: 1"]);
    // Everything in the table is driven out in between.
    for (let i = 0; i < 200; i++) roundTrip(Fields.of([["user-agent", `agent ${i}`]]), true);
    for (let i = 0; i < 3; i++) assert.deepEqual(roundTrip(fieldsOf(HEAD), true), expected);
    encoder.resize(0);
    for (let i = 0; i < 3; i++) assert.deepEqual(roundTrip(fieldsOf(HEAD), true), expected);
  });

  test("what frames a message stays out, content-length but where it is asked for", () => {
    const fields = Fields.of([
      ["connection", "close"],
      ["transfer-encoding", "chunked"],
      ["content-length", "5"],
      ["upgrade", "x"],
      ["x-y", "1"],
    ]);
    const names = (keepLength: boolean) =>
      decodeBlock(
        new HpackDecoder(),
        Buffer.from(new HpackEncoder().fields(fields, keepLength), "latin1"),
      ).fields.map(([name]) => name);
    assert.deepEqual(names(true), ["content-length", "x-y"]);
    assert.deepEqual(names(false), ["x-y"]);
  });

  test("more names than an encoder keeps account of", () => {
    const encoder = new HpackEncoder();
    const decoder = new HpackDecoder();
    for (let i = 0; i < 1_000; i++) {
      const block = encoder.field(`x-name-${i % 700}`, String(i)) + encoder.field("server", "nginx");
      const { fields, problem } = decodeBlock(decoder, Buffer.from(block, "latin1"));
      assert.equal(problem, "");
      assert.deepEqual(
        fields.map(([name, value]) => [name, value]),
        [
          [`x-name-${i % 700}`, String(i)],
          ["server", "nginx"],
        ],
      );
    }
  });
});
