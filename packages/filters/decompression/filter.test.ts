import assert from "node:assert/strict";
import { test } from "node:test";
import zlib from "node:zlib";
import type { Reply } from "@heddle/engine/filter";
import { LENGTH_UNKNOWN } from "@heddle/engine/message";
import { FilterRun, makeExchange } from "../filter-run.suite.ts";
import { StreamRun } from "../stream-run.suite.ts";
import type { DecompressionConfig } from "./config.ts";
import { decompression } from "./filter.ts";

const config: DecompressionConfig = {
  codings: ["gzip", "br", "zstd"],
  maxBytes: 10_000_000,
  maxRatio: 100,
};

type Pairs = readonly (readonly [string, string])[];

function request(headers: Pairs, change: Partial<DecompressionConfig> = {}) {
  const exchange = makeExchange({ method: "POST", headers, bodyLength: LENGTH_UNKNOWN });
  return new FilterRun(decompression, { ...config, ...change }, exchange);
}

async function send(coding: string, chunks: readonly Uint8Array[], change?: Partial<DecompressionConfig>) {
  const run = request([["content-encoding", coding]], change);
  assert.equal(run.request(), undefined);
  const stream = new StreamRun(run.filter.requestBody, run.exchange);
  await stream.write(...chunks);
  await stream.end();
  return { stream, events: run.context.events };
}

const encoders = { gzip: zlib.gzipSync, br: zlib.brotliCompressSync, zstd: zlib.zstdCompressSync };
const text = Buffer.from(
  JSON.stringify(Array.from({ length: 5_000 }, (_, id) => ({ id, name: `n${id * 7919}` }))),
);

for (const [coding, encode] of Object.entries(encoders)) {
  test(`a body in ${coding} goes on plain, and so does its head`, async () => {
    const run = request([
      ["content-encoding", coding],
      ["content-digest", "sha-256=:x:"],
    ]);
    assert.equal(run.request(), undefined);
    assert.deepEqual(run.exchange.request.fields.toPairs(), []);
    const { stream } = await send(coding, [encode(text)]);
    assert.deepEqual(stream.output, text);
  });

  test(`${coding}: octet by octet`, async () => {
    const whole = encode(text.subarray(0, 2_000));
    const { stream } = await send(
      coding,
      Array.from(whole, (octet) => Uint8Array.of(octet)),
    );
    assert.deepEqual(stream.output, text.subarray(0, 2_000));
  });

  test(`${coding}: a body that breaks off, or is something else, is 400`, async () => {
    const whole = encode(text);
    for (const bad of [
      [whole.subarray(0, -3)],
      [whole.subarray(0, 10)],
      [],
      [Buffer.from("plain text, or what?")],
      [Buffer.concat([whole.subarray(0, 20), Buffer.alloc(40, 0xff), whole.subarray(60)])],
    ]) {
      const { stream, events } = await send(coding, bad);
      assert.equal(stream.answer?.status, 400);
      assert.ok(events.includes("malformed"));
    }
  });

  test(`${coding}: a bomb of 1 GiB goes off in a bucket`, async () => {
    const bomb = await bombOf(coding as keyof typeof encoders, 1_073_741_824);
    assert.ok(bomb.length < 2_000_000);
    const before = process.memoryUsage().rss;
    for (const [change, event] of [
      [{}, "ratio"],
      [{ maxRatio: 1_000_000 }, "too-large"],
    ] as const) {
      const { stream, events } = await send(coding, slices(bomb), change);
      assert.equal(stream.answer?.status, 413);
      assert.ok(events.includes(event), events.join());
      assert.ok(stream.output.length <= config.maxBytes);
    }
    assert.ok(process.memoryUsage().rss - before < 100_000_000);
  });
}

const slices = (whole: Buffer): Buffer[] =>
  Array.from({ length: Math.ceil(whole.length / 65_536) }, (_, at) =>
    whole.subarray(at * 65_536, (at + 1) * 65_536),
  );

/** So many zeros, compressed piece by piece. */
async function bombOf(coding: keyof typeof encoders, bytes: number): Promise<Buffer> {
  const encoder = {
    gzip: () => zlib.createGzip({ level: 1 }),
    br: () => zlib.createBrotliCompress({ params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } }),
    zstd: () => zlib.createZstdCompress(),
  }[coding]();
  const chunks: Buffer[] = [];
  encoder.on("data", (chunk: Buffer) => chunks.push(chunk));
  const piece = Buffer.alloc(8_388_608);
  for (let at = 0; at < bytes; at += piece.length) {
    // Only as much as decoders look at before they stop.
    if (chunks.reduce((sum, { length }) => sum + length, 0) > 1_000_000) break;
    await new Promise<void>((resolve) => encoder.write(piece, () => resolve()));
  }
  encoder.end();
  await new Promise((resolve) => encoder.on("end", resolve));
  return Buffer.concat(chunks);
}

test("one layer alone: nested codings are 415, as are unknown ones", () => {
  for (const headers of [
    [["content-encoding", "gzip, gzip"]],
    [
      ["content-encoding", "gzip"],
      ["content-encoding", "br"],
    ],
    [["content-encoding", "deflate"]],
    [["content-encoding", "compress"]],
    [["content-encoding", "gzip;q=1"]],
  ] as Pairs[]) {
    const reply = request(headers).request() as Reply;
    assert.equal(reply.status, 415);
    assert.equal(new Map(reply.headers).get("accept-encoding"), "gzip, br, zstd");
  }
  assert.equal(request([["content-encoding", "br"]], { codings: ["gzip"] }).request()?.status, 415);
});

test("identity, and none, are as they are", () => {
  for (const headers of [[], [["content-encoding", "identity"]], [["content-encoding", ""]]] as Pairs[]) {
    const run = request(headers);
    assert.equal(run.request(), undefined);
    assert.equal(run.filter.requestBody!.concerns!(run.exchange), false);
  }
});

test("within is gzip's, without is the bound's: just as much as is allowed goes on", async () => {
  const exact = await send("gzip", [zlib.gzipSync(text)], { maxBytes: text.length });
  assert.deepEqual(exact.stream.output, text);
  const over = await send("gzip", [zlib.gzipSync(text)], { maxBytes: text.length - 1 });
  assert.equal(over.stream.answer?.status, 413);
});

test("a window that would take more memory than a body may is refused", async () => {
  // A zstd frame that asks for a window of 128 MiB (RFC 8878 section 3.1.1.1.2), with one raw block.
  const frame = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x88, 0x0d, 0x00, 0x00, 0x61]);
  const { stream } = await send("zstd", [frame]);
  assert.equal(stream.answer?.status, 400);
});
