import assert from "node:assert/strict";
import { test } from "node:test";
import zlib from "node:zlib";
import { FilterRun, makeExchange, type RequestOptions } from "../filter-run.suite.ts";
import { StreamRun } from "../stream-run.suite.ts";
import type { DecompressionConfig } from "./config.ts";
import { responseDecompression } from "./response-filter.ts";

const config: DecompressionConfig = {
  codings: ["gzip", "br", "zstd"],
  maxBytes: 10_000_000,
  maxRatio: 100,
};

const encoders = { gzip: zlib.gzipSync, br: zlib.brotliCompressSync, zstd: zlib.zstdCompressSync };
const text = Buffer.from(
  JSON.stringify(Array.from({ length: 5_000 }, (_, id) => ({ id, name: `n${id * 7919}` }))),
);

const start = (change: Partial<DecompressionConfig> = {}, options: RequestOptions = {}) =>
  new FilterRun(responseDecompression, { ...config, ...change }, makeExchange(options));

async function receive(coding: string, chunks: readonly Uint8Array[], change?: Partial<DecompressionConfig>) {
  const run = start(change);
  run.response(200, [["content-encoding", coding]]);
  const stream = new StreamRun(run.filter.responseBody, run.exchange);
  await stream.write(...chunks);
  await stream.end();
  return { stream, events: run.context.events };
}

const concerns = ({ filter, exchange }: ReturnType<typeof start>): boolean =>
  filter.responseBody!.concerns!(exchange);

for (const [coding, encode] of Object.entries(encoders)) {
  test(`a response in ${coding} goes on plain, and so does its head`, async () => {
    const run = start();
    const fields = run.response(200, [
      ["content-type", "application/json"],
      ["content-encoding", coding],
      ["etag", '"one"'],
      ["repr-digest", "sha-256=:x:"],
      ["accept-ranges", "bytes"],
      ["vary", "Accept-Encoding"],
    ]);
    assert.deepEqual(fields, [
      ["content-type", "application/json"],
      ["vary", "Accept-Encoding"],
      ["etag", 'W/"one"'],
    ]);
    assert.ok(concerns(run));
    const { stream } = await receive(coding, [encode(text)]);
    assert.deepEqual(stream.output, text);
  });

  test(`${coding}: a response that breaks off, or is something else, is 502`, async () => {
    const whole = encode(text);
    for (const bad of [[whole.subarray(0, -3)], [], [Buffer.from("plain text, or what?")]]) {
      const { stream, events } = await receive(coding, bad);
      assert.equal(stream.answer?.status, 502);
      assert.ok(events.includes("malformed"));
    }
  });

  test(`${coding}: a response beyond the ratio or the size is 502`, async () => {
    const bomb = encode(Buffer.alloc(8_000_000));
    const ratio = await receive(coding, [bomb]);
    assert.equal(ratio.stream.answer?.status, 502);
    assert.ok(ratio.events.includes("ratio"));
    const size = await receive(coding, [bomb], { maxRatio: 1_000_000, maxBytes: 1_000_000 });
    assert.equal(size.stream.answer?.status, 502);
    assert.ok(size.events.includes("too-large"));
    assert.ok(size.stream.output.length <= 1_000_000);
  });
}

for (const [title, status, headers, change] of [
  ["plain content", 200, [], {}],
  ["identity", 200, [["content-encoding", "identity"]], {}],
  ["a coding that is not read", 200, [["content-encoding", "compress"]], {}],
  ["a coding that is not asked for", 200, [["content-encoding", "br"]], { codings: ["gzip"] }],
  ["two codings", 200, [["content-encoding", "gzip, br"]], {}],
  [
    "two codings on two lines",
    200,
    [
      ["content-encoding", "gzip"],
      ["content-encoding", "br"],
    ],
    {},
  ],
  [
    "partial content",
    206,
    [
      ["content-encoding", "gzip"],
      ["content-range", "bytes 0-1/9"],
    ],
    {},
  ],
  [
    "what must not be transformed",
    200,
    [
      ["content-encoding", "gzip"],
      ["cache-control", "no-transform"],
    ],
    {},
  ],
] as const) {
  test(`${title} passes as it is`, () => {
    const run = start(change);
    assert.deepEqual(run.response(status, headers), headers);
    assert.equal(concerns(run), false);
  });
}

test("of HEAD the length and the coding go, since GET has neither", () => {
  const run = start({}, { method: "HEAD" });
  const fields = run.response(200, [
    ["content-encoding", "gzip"],
    ["content-length", "70"],
  ]);
  assert.deepEqual(fields, []);
  assert.equal(concerns(run), false);
});

test("what was decided for a response does not hold for the one in its place", () => {
  const run = start();
  run.response(503, [["content-encoding", "gzip"]]);
  run.response(200, []);
  assert.equal(concerns(run), false);
});
