import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import * as fc from "fast-check";
import { Fields, isFieldValue, LENGTH_UNKNOWN, RequestHead, ResponseHead } from "../../message/index.ts";
import { encodeChunkSize, encodeLastChunk, encodeRequestHead, encodeResponseHead } from "./index.ts";
import type { Case } from "./transcript.suite.ts";
import { play, Recorder } from "./transcript.suite.ts";

const SEED = 20261124;
const options = { seed: SEED, numRuns: 500 };
const title = (text: string) => `${text} (seed ${SEED})`;

const chars = (text: string) => fc.constantFrom(...text);
const token = fc.string({ unit: chars("abcXYZ09-!#'"), minLength: 1, maxLength: 12 });
const value = fc
  .string({ unit: chars("aZ09 \t;=,\"'\xe9\xff()"), maxLength: 20 })
  .map((text) => text.replace(/^[ \t]+|[ \t]+$/g, ""));
const fields = fc
  .array(fc.tuple(token, value), { maxLength: 8 })
  .map((pairs) => pairs.map(([name, text]) => [`x-${name.toLowerCase()}`, text] as [string, string]));
const path = fc.string({ unit: chars("abc09-_~!$&'()*+,;=:@"), maxLength: 20 }).map((text) => `/${text}`);
const query = fc.option(
  fc.string({ unit: chars("ab/?%=&|[].."), maxLength: 20 }).map((text) => `?${text}`),
  { nil: "" },
);
const body = fc.array(fc.string({ unit: chars("ab\r\n0;\0\xff"), minLength: 1, maxLength: 30 }), {
  maxLength: 5,
});
const cuts = fc.array(fc.nat(400), { maxLength: 6 });

function cutsWithin(input: string, points: number[]): number[] {
  return points.filter((point) => point < input.length).sort((a, b) => a - b);
}

function written(chunks: string[], isChunked: boolean, trailers: Fields | null): string {
  if (!isChunked) return chunks.join("");
  return chunks.map((c) => `${encodeChunkSize(c.length)}${c}\r\n`).join("") + encodeLastChunk(trailers);
}

test(title("a request that was encoded is read as it was, however it is split"), () => {
  const any = fc.tuple(token, path, query, fields, body, fc.boolean(), fields, cuts);
  fc.assert(
    fc.property(any, ([method, pathText, queryText, pairs, chunks, isChunked, trailerPairs, points]) => {
      const head = new RequestHead(method, "http", "a:80", pathText, queryText, Fields.of(pairs));
      head.bodyLength = isChunked ? LENGTH_UNKNOWN : chunks.join("").length;
      if (head.bodyLength > 0) head.fields.add("content-length", String(head.bodyLength));
      const trailers = isChunked && trailerPairs.length > 0 ? Fields.of(trailerPairs) : null;
      const expected = new Recorder();
      expected.onRequestHead(head, head.bodyLength === 0, true);
      if (chunks.length > 0) expected.onRequestBody(Buffer.from(chunks.join(""), "latin1"));
      if (head.bodyLength !== 0) expected.onRequestEnd(trailers);
      const input = encodeRequestHead(head) + written(chunks, isChunked, trailers);
      const test: Case = { title: "", input, options: [], events: [] };
      assert.deepEqual(play(test, cutsWithin(input, points)), expected.finish("done"));
    }),
    options,
  );
});

test(title("a response that was encoded is read as it was, however it is split"), () => {
  const any = fc.tuple(fc.integer({ min: 200, max: 599 }), fields, body, fc.boolean(), fields, cuts);
  fc.assert(
    fc.property(any, ([status, pairs, chunks, isChunked, trailerPairs, points]) => {
      if (status === 204 || status === 304) chunks = [];
      const isBodyless = status === 204 || status === 304;
      const head = new ResponseHead(status, Fields.of(pairs));
      head.bodyLength = isBodyless ? 0 : isChunked ? LENGTH_UNKNOWN : chunks.join("").length;
      if (head.bodyLength >= 0 && !isBodyless) head.fields.add("content-length", String(head.bodyLength));
      const trailers = isChunked && trailerPairs.length > 0 ? Fields.of(trailerPairs) : null;
      const expected = new Recorder();
      expected.onResponseHead(head, head.bodyLength === 0, true);
      if (chunks.length > 0) expected.onResponseBody(Buffer.from(chunks.join(""), "latin1"));
      if (head.bodyLength !== 0) expected.onResponseEnd(trailers);
      const input =
        encodeResponseHead(head, "GET", 11, true) + (isBodyless ? "" : written(chunks, isChunked, trailers));
      const test: Case = { title: "", input, options: ["expect GET"], events: [] };
      assert.deepEqual(play(test, cutsWithin(input, points)), expected.finish("done"));
    }),
    options,
  );
});

const FRAGMENTS = [
  "GET ",
  "POST ",
  "/ ",
  "/%2e",
  "?",
  " HTTP/1.1",
  "\r\n",
  "\r\n\r\n",
  "\r",
  "\n",
  "Host: a\r\n",
];
FRAGMENTS.push(
  "Content-Length: 5\r\n",
  "Content-Length: 0",
  "Transfer-Encoding: chunked\r\n",
  "5\r\nhello\r\n",
);
FRAGMENTS.push(
  "0\r\n\r\n",
  ":",
  " ",
  "x",
  "\0",
  "\xff",
  ";a=b",
  "Connection: ",
  "upgrade",
  "HTTP/1.1 200 OK\r\n",
);
FRAGMENTS.push(
  "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "HTTP/1.1 100 Continue\r\n\r\n",
  "Expect: 100-continue\r\n",
);

const noise = fc
  .array(fc.oneof(fc.constantFrom(...FRAGMENTS), fc.string({ unit: "binary", maxLength: 4 })), {
    maxLength: 25,
  })
  .map((parts) => Buffer.from(parts.join(""), "latin1").toString("latin1"));

for (const [kind, expectations] of [
  ["requests", []],
  ["responses", ["expect GET", "expect HEAD"]],
] as const) {
  test(title(`any bytes are ${kind} or refused: nothing throws, no body beyond its length`), () => {
    fc.assert(
      fc.property(noise, cuts, (input, points) => {
        const test: Case = { title: "", input, options: [...expectations], events: [] };
        const whole = play(test, []);
        assertBodiesFit(whole);
        // What is refused early when it comes at once may still be waiting for its line's end when it comes in parts.
        const parts = play({ ...test, input: `${input}` }, cutsWithin(input, points));
        assertBodiesFit(parts);
        if (parts.at(-1) !== "state head") assert.deepEqual(parts, whole);
      }),
      { ...options, numRuns: 3_000 },
    );
  });
}

function assertBodiesFit(events: string[]): void {
  let left = 0;
  for (const event of events) {
    const length = /^(?:request|response) .*length=(\d+|unknown)/.exec(event)?.[1];
    if (length !== undefined) left = length === "unknown" ? Infinity : Number(length);
    else if (event.startsWith("body ")) {
      left -= (JSON.parse(event.slice(5).replace(/\\x/g, "\\u00")) as string).length;
      assert.ok(left >= 0, "a body is longer than its head says");
    } else if (event === "end") assert.ok(left === 0 || left === Infinity, "a body ended before its length");
  }
}

test(title("no value that fields take can split a head (threat 11)"), () => {
  const text = fc.string({ unit: "binary", maxLength: 20 });
  fc.assert(
    fc.property(text, text, (name, content) => {
      const head = new ResponseHead(200, new Fields());
      try {
        head.fields.add(name, content);
      } catch (error) {
        assert.ok(error instanceof RangeError);
        return;
      }
      assert.ok(isFieldValue(content));
      const lines = encodeResponseHead(head, "HEAD", 11, true).split("\r\n");
      assert.ok(lines.length <= 4);
    }),
    options,
  );
});
