import assert from "node:assert/strict";
import { test } from "node:test";
import zlib from "node:zlib";
import { Fields, LENGTH_UNKNOWN, ResponseHead } from "@heddle/engine/message";
import { FilterRun, makeExchange } from "../filter-run.suite.ts";
import type { RequestOptions } from "../filter-run.suite.ts";
import { StreamRun } from "../stream-run.suite.ts";
import type { CompressionConfig } from "./config.ts";
import { compression } from "./filter.ts";
import { matchesType } from "../content-type/index.ts";

type Pairs = readonly (readonly [string, string])[];

const config: CompressionConfig = {
  codings: ["zstd", "br", "gzip"],
  types: ["text/*", "application/json", "+xml"],
  minBytes: 100,
  takesOver: false,
};

interface Case {
  readonly request?: RequestOptions;
  readonly accept?: string | null;
  readonly status?: number;
  readonly headers?: Pairs;
  readonly length?: number;
  readonly config?: Partial<CompressionConfig>;
}

/** A response's head after the filter, and whether its body is compressed. */
function respond({ request, accept = "gzip", status = 200, headers = [], length = 1_000, ...rest }: Case) {
  const own: Pairs = accept === null ? [] : [["accept-encoding", accept]];
  const exchange = makeExchange({ ...request, headers: [...own, ...(request?.headers ?? [])] });
  const run = new FilterRun(compression, { ...config, ...rest.config }, exchange);
  run.request();
  const fields = Fields.of(headers);
  if (!fields.has("content-type")) fields.add("content-type", "text/html");
  const head = new ResponseHead(status, fields, length);
  exchange.response = head;
  run.filter.responseHead!(exchange, head);
  const isCompressed = run.filter.responseBody!.concerns!(exchange);
  assert.equal(
    head.fields.has("content-encoding") && !headers.some(([n]) => n === "content-encoding"),
    isCompressed,
  );
  return { run, exchange, head, isCompressed, field: (name: string) => head.fields.getList(name) };
}

test("a response of a kind that is compressed", () => {
  const { isCompressed, field } = respond({
    headers: [
      ["etag", '"a"'],
      ["accept-ranges", "bytes"],
    ],
  });
  assert.equal(isCompressed, true);
  assert.equal(field("content-encoding"), "gzip");
  assert.equal(field("vary"), "Accept-Encoding");
  assert.equal(field("etag"), 'W/"a"', "RFC 9110 8.8.1: octet by octet it is another");
  assert.equal(field("accept-ranges"), undefined);
});

const table: readonly (readonly [string, Case, isCompressed: boolean, varies: boolean])[] = [
  ["a client that does not ask", { accept: null }, false, true],
  ["a client that does not like it", { accept: "gzip;q=0" }, false, true],
  ["another type", { headers: [["content-type", "image/png"]] }, false, false],
  ["a short one", { length: 99 }, false, true],
  ["one just long enough", { length: 100 }, true, true],
  ["of unknown length", { length: LENGTH_UNKNOWN }, true, true],
  ["an empty one", { length: 0 }, false, true],
  ["HEAD", { request: { method: "HEAD" }, length: 0 }, false, true],
  ["one that is coded", { headers: [["content-encoding", "br"]] }, false, false],
  [
    "no-transform (RFC 9111 5.2.2.6)",
    { headers: [["cache-control", "max-age=1, No-Transform"]] },
    false,
    false,
  ],
  ["a part", { status: 206, headers: [["content-range", "bytes 0-1/2"]] }, false, false],
  ["an unsatisfied range", { status: 416, headers: [["content-range", "bytes */2"]] }, false, false],
  ["no content", { status: 204, length: 0 }, false, false],
  ["an error page", { status: 404 }, true, true],
];

for (const [title, options, isCompressed, varies] of table) {
  test(`${title} is ${isCompressed ? "" : "not "}compressed`, () => {
    const found = respond(options);
    assert.equal(found.isCompressed, isCompressed);
    assert.equal(found.field("vary") !== undefined, varies);
  });
}

test("types: itself, a kind, a suffix; parameters and case do not count", () => {
  for (const [type, expected] of [
    ["text/css", true],
    ["text/event-stream", false],
    ["TEXT/HTML; charset=utf-8", true],
    ["application/json", true],
    ["application/ld+json", false],
    ["image/svg+xml", true],
    ["application/xml", false],
    ["textual/plain", false],
    ["", false],
    ["text", false],
  ] as const) {
    assert.equal(matchesType(type, config.types), expected, type);
  }
});

test("Vary is added once, and to what is there", () => {
  for (const [before, after] of [
    ["Origin", "Origin, Accept-Encoding"],
    ["accept-encoding", "accept-encoding"],
    ["Origin, Accept-Encoding", "Origin, Accept-Encoding"],
    ["*", "*"],
    ["x-accept-encoding", "x-accept-encoding, Accept-Encoding"],
  ] as const) {
    assert.equal(respond({ headers: [["vary", before]] }).field("vary"), after);
  }
});

test("a 304 names the representation as the 200 did", () => {
  const { field, isCompressed } = respond({ status: 304, headers: [["etag", '"a"']], length: 0 });
  assert.deepEqual([isCompressed, field("etag"), field("content-encoding")], [false, 'W/"a"', undefined]);
  const plain = respond({ accept: null, status: 304, headers: [["etag", '"a"']], length: 0 });
  assert.equal(plain.field("etag"), '"a"');
});

test("digests of what it was are gone", () => {
  const { field } = respond({
    headers: [
      ["repr-digest", "sha-256=:x:"],
      ["content-md5", "x"],
    ],
  });
  assert.deepEqual([field("repr-digest"), field("content-md5")], [undefined, undefined]);
});

test("backends are not asked to do it where it is taken over", () => {
  const { exchange, isCompressed } = respond({ config: { takesOver: true } });
  assert.equal(exchange.request.fields.has("accept-encoding"), false);
  assert.equal(isCompressed, true);
});

const decoders = { gzip: zlib.gunzipSync, br: zlib.brotliDecompressSync, zstd: zlib.zstdDecompressSync };

for (const [coding, decode] of Object.entries(decoders)) {
  test(`a body in ${coding} is what it was, in chunks as they come`, async () => {
    const { run, exchange } = respond({ accept: coding });
    const stream = new StreamRun(run.filter.responseBody, exchange);
    const chunks = Array.from({ length: 50 }, (_, at) => Buffer.from(`line ${at} `.repeat(500)));
    await stream.write(...chunks);
    await stream.end();
    assert.deepEqual(decode(stream.output), Buffer.concat(chunks));
    assert.ok(stream.output.length < Buffer.concat(chunks).length / 10);
  });

  test(`a page in ${coding} that comes in parts goes out in parts`, async () => {
    const { run, exchange } = respond({ accept: coding, length: LENGTH_UNKNOWN });
    const stream = new StreamRun(run.filter.responseBody, exchange);
    await stream.write(Buffer.from("first part"));
    run.context.clock.advance(20);
    for (let turn = 0; stream.output.length < 12 && turn < 200; turn++)
      await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok(stream.output.length >= 12, "the first part is out before the second came");
    await stream.write(Buffer.from(", second"));
    await stream.end();
    assert.equal(decode(stream.output).toString(), "first part, second");
    assert.equal(run.context.clock.pendingTimers, 0);
  });
}

test("a client that does not read holds the encoder", async () => {
  const { run, exchange } = respond({});
  const stream = new StreamRun(run.filter.responseBody, exchange);
  stream.isFull = true;
  const noise = Buffer.from(
    Array.from({ length: 400_000 }, (_, at) => (at * 7919 + ((at * at) % 251)) & 255),
  );
  const written = stream.write(noise, noise, noise).then(() => stream.end());
  await new Promise((resolve) => setTimeout(resolve, 50));
  const held = stream.output.length;
  assert.ok(held <= 16_384 + 10, `one chunk is out: ${held}`);
  stream.release();
  await written;
  assert.deepEqual(zlib.gunzipSync(stream.output), Buffer.concat([noise, noise, noise]));
});
