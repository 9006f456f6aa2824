import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../base/index.ts";
import { Fields, RequestHead } from "../../message/index.ts";
import {
  Base64Decoder,
  encodeBase64,
  encodeHealthRequest,
  encodeMessage,
  encodeStatusMessage,
  encodeTrailersFrame,
  formatGrpcTimeout,
  grpcFormOf,
  grpcFormOfRequest,
  GRPC_STATUS,
  grpcStatusOfHttp,
  MessageReader,
  parseGrpcStatus,
  parseGrpcTimeout,
  parseHealthResponse,
  withGrpcForm,
} from "./index.ts";

test("grpc-timeout is read by the grammar of PROTOCOL-HTTP2.md", () => {
  const good: readonly (readonly [string, number])[] = [
    ["1H", 3_600_000],
    ["2M", 120_000],
    ["3S", 3_000],
    ["250m", 250],
    ["1500u", 1.5],
    ["0m", 0],
    ["99999999H", 99_999_999 * 3_600_000],
  ];
  for (const [text, ms] of good) assert.equal(parseGrpcTimeout(text), ms, text);
  assert.ok(Math.abs(parseGrpcTimeout("2000000n")! - 2) < 1e-9);
  for (const text of [
    "",
    "m",
    "1",
    "1s",
    "1 m",
    "-1m",
    "+1m",
    "1.5S",
    "123456789m",
    "1mm",
    "0x1m",
    "1h",
    " 1m",
  ]) {
    assert.equal(parseGrpcTimeout(text), null, JSON.stringify(text));
  }
});

test("grpc-timeout is never written longer than it is, nor with more than eight digits", () => {
  const random = seededRandom(20);
  for (let i = 0; i < 2_000; i++) {
    const ms = 10 ** (random.next() * 18 - 4);
    const text = formatGrpcTimeout(ms);
    assert.match(text, /^[1-9]\d{0,7}[HMSmun]$/, `${ms}`);
    const read = parseGrpcTimeout(text)!;
    assert.ok(read <= Math.max(ms, 1e-3) + 1e-9, `${ms} as ${text}`);
    if (ms > 1 && ms < 3e11) assert.ok(read >= ms * 0.99, `${ms} as ${text}`);
  }
  assert.equal(formatGrpcTimeout(0), "1u");
  assert.equal(formatGrpcTimeout(250), "250000u");
  assert.equal(formatGrpcTimeout(Infinity), "99999999H");
});

test("grpc-message is percent-encoded UTF-8, and whatever comes is read", () => {
  const pairs: readonly (readonly [string, string])[] = [
    ["plain text ~!", "plain text ~!"],
    ["100%", "100%25"],
    ["a\r\nb\t", "a%0D%0Ab%09"],
    ["Ü ☺", "%C3%9C %E2%98%BA"],
    ["", ""],
  ];
  for (const [text, encoded] of pairs) {
    assert.equal(encodeStatusMessage(text), encoded);
    assert.equal(decodeURIComponent(encoded), text);
  }
  const random = seededRandom(21);
  for (let i = 0; i < 500; i++) {
    const text = Array.from({ length: 12 }, () =>
      String.fromCodePoint(Math.floor(random.next() * 0x3000)),
    ).join("");
    const encoded = encodeStatusMessage(text);
    assert.match(encoded, /^[ -~]*$/);
    assert.equal(decodeURIComponent(encoded), text);
  }
});

test("a response without grpc-status is what http-grpc-status-mapping.md says", () => {
  const table: readonly (readonly [number, keyof typeof GRPC_STATUS])[] = [
    [400, "INTERNAL"],
    [401, "UNAUTHENTICATED"],
    [403, "PERMISSION_DENIED"],
    [404, "UNIMPLEMENTED"],
    [429, "UNAVAILABLE"],
    [431, "INTERNAL"],
    [502, "UNAVAILABLE"],
    [503, "UNAVAILABLE"],
    [504, "UNAVAILABLE"],
    [200, "UNKNOWN"],
    [302, "UNKNOWN"],
    [418, "UNKNOWN"],
    [500, "UNKNOWN"],
  ];
  for (const [status, name] of table) assert.equal(grpcStatusOfHttp(status), GRPC_STATUS[name], `${status}`);
});

test("grpc-status is a number of the table, else UNKNOWN", () => {
  assert.equal(parseGrpcStatus("0"), 0);
  assert.equal(parseGrpcStatus("16"), 16);
  assert.equal(parseGrpcStatus(undefined), -1);
  for (const text of ["17", "99", "", "x", "-1", "1.0", "007"]) {
    assert.equal(parseGrpcStatus(text), GRPC_STATUS.UNKNOWN, text);
  }
});

test("the form of gRPC is that of the content type", () => {
  const forms: readonly (readonly [string, string])[] = [
    ["application/grpc", "grpc"],
    ["application/grpc+proto", "grpc"],
    ["Application/GRPC+json", "grpc"],
    ["application/grpc;charset=utf-8", "grpc"],
    ["application/grpc-web", "grpc-web"],
    ["application/grpc-web+proto", "grpc-web"],
    ["application/grpc-web-text", "grpc-web-text"],
    ["application/grpc-web-text+proto", "grpc-web-text"],
    ["application/grpcx", ""],
    ["application/grpc-website", ""],
    ["application/json", ""],
    ["text/application/grpc", ""],
  ];
  for (const [type, form] of forms) assert.equal(grpcFormOf(type), form, type);
  assert.equal(grpcFormOf(undefined), "");
  assert.equal(withGrpcForm("application/grpc-web-text+proto", "grpc"), "application/grpc+proto");
  assert.equal(withGrpcForm("application/grpc", "grpc-web"), "application/grpc-web");
  assert.equal(withGrpcForm("application/grpc+proto", "grpc-web-text"), "application/grpc-web-text+proto");
  const head = (method: string) =>
    new RequestHead(method, "http", "a", "/s/M", "", Fields.of([["content-type", "application/grpc"]]));
  assert.equal(grpcFormOfRequest(head("POST")), "grpc");
  assert.equal(grpcFormOfRequest(head("GET")), "");
});

interface Message {
  readonly text: string;
  readonly isCompressed: boolean;
}

function readAll(chunks: readonly Uint8Array[], maxBytes?: number) {
  const messages: Message[] = [];
  const reader = new MessageReader(
    {
      onMessage: (bytes, isCompressed) =>
        void messages.push({ text: Buffer.from(bytes).toString(), isCompressed }),
    },
    maxBytes,
  );
  for (const chunk of chunks) reader.read(chunk);
  reader.end();
  return { messages, mistake: reader.mistake };
}

test("messages are read however their octets are cut", () => {
  const compressed = encodeMessage(Buffer.from("zip"));
  compressed[0] = 1;
  const bytes = Buffer.concat([
    encodeMessage(Buffer.from("one")),
    encodeMessage(new Uint8Array(0)),
    compressed,
    encodeMessage(new Uint8Array(0)),
  ]);
  const expected = [
    { text: "one", isCompressed: false },
    { text: "", isCompressed: false },
    { text: "zip", isCompressed: true },
    { text: "", isCompressed: false },
  ];
  for (let cut = 0; cut <= bytes.length; cut++) {
    const whole = readAll([bytes.subarray(0, cut), bytes.subarray(cut)]);
    assert.deepEqual(whole, { messages: expected, mistake: null }, `cut at ${cut}`);
  }
  const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
  assert.deepEqual(readAll(single), { messages: expected, mistake: null });
});

test("messages that are none are refused", () => {
  assert.equal(readAll([Uint8Array.of(2, 0, 0, 0, 0)]).mistake, "flag");
  assert.equal(readAll([Uint8Array.of(0, 255, 255, 255, 255)]).mistake, "too-large");
  assert.equal(readAll([Uint8Array.of(0, 0, 0, 0, 9)], 8).mistake, "too-large");
  assert.equal(readAll([Uint8Array.of(0, 0, 0)]).mistake, "cut-short");
  assert.equal(readAll([Uint8Array.of(0, 0, 0, 0, 2, 1)]).mistake, "cut-short");
  assert.equal(readAll([]).mistake, null);
});

test("the trailers of gRPC-Web are a frame of lines", () => {
  const frame = encodeTrailersFrame(
    Fields.of([
      ["grpc-status", "5"],
      ["grpc-message", "no such thing"],
    ]),
  );
  const lines = "grpc-status:5\r\ngrpc-message:no such thing\r\n";
  assert.deepEqual([...frame.subarray(0, 5)], [0x80, 0, 0, 0, lines.length]);
  assert.equal(Buffer.from(frame.subarray(5)).toString(), lines);
});

test("base64 is decoded in pieces, with padding within", () => {
  const random = seededRandom(22);
  for (let i = 0; i < 300; i++) {
    const chunks = Array.from({ length: 3 }, () =>
      Uint8Array.from({ length: Math.floor(random.next() * 9) }, () => Math.floor(random.next() * 256)),
    );
    const text = Buffer.concat(chunks.map((chunk) => encodeBase64(chunk)));
    const cut = Math.floor(random.next() * (text.length + 1));
    const decoder = new Base64Decoder();
    const decoded = Buffer.concat([
      decoder.decode(text.subarray(0, cut)),
      decoder.decode(text.subarray(cut)),
    ]);
    assert.ok(decoder.isComplete, "seed 22");
    assert.deepEqual(decoded, Buffer.concat(chunks), "seed 22");
  }
});

test("what is no base64 is not repaired", () => {
  for (const text of ["AA-_", "A=AA", "AA=A", "=AAA", "AAAA\n", "AA A", "A\u0000AA"]) {
    const decoder = new Base64Decoder();
    decoder.decode(Buffer.from(text));
    assert.ok(!decoder.isComplete, JSON.stringify(text));
  }
  const short = new Base64Decoder();
  assert.deepEqual([...short.decode(Buffer.from("AAAAA"))], [0, 0, 0]);
  assert.ok(!short.isComplete);
  assert.ok(!short.isBroken);
});

test("health messages are those of grpc.health.v1", () => {
  assert.equal(encodeHealthRequest("").length, 0);
  assert.deepEqual([...encodeHealthRequest("a.B")], [0x0a, 3, 97, 46, 66]);
  const long = "x".repeat(300);
  assert.deepEqual([...encodeHealthRequest(long).subarray(0, 3)], [0x0a, 0xac, 0x02]);
  assert.equal(parseHealthResponse(Uint8Array.of(8, 1)), 1);
  assert.equal(parseHealthResponse(Uint8Array.of(8, 2)), 2);
  assert.equal(parseHealthResponse(new Uint8Array(0)), 0);
  // An unknown field before it, of each wire type.
  assert.equal(parseHealthResponse(Uint8Array.of(0x12, 2, 9, 9, 0x18, 200, 1, 0x25, 1, 2, 3, 4, 8, 1)), 1);
  for (const bytes of [[8], [8, 128], [0x12, 5, 1], [0x0b, 1], [0x25, 1], [0x00, 1]]) {
    assert.equal(parseHealthResponse(Uint8Array.from(bytes)), null, bytes.join());
  }
});
