import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import * as fc from "fast-check";
import { HEADER_TABLE_BYTES } from "../limits.ts";
import { HpackDecoder } from "./decoder.ts";
import { HpackEncoder } from "./encoder.ts";
import { decodeBlock } from "./hpack.suite.ts";

const SEED = 20261128;
const title = (text: string) => `${text} (seed ${SEED})`;

const name = fc.constantFrom(
  ":path",
  ":authority",
  ":status",
  ":method",
  "server",
  "date",
  "x-a",
  "x-b",
  "content-length",
  "cookie",
  "accept-encoding",
  "etag",
  "x-a-rather-long-name-of-a-field",
  "grpc-status",
);
const value = fc.oneof(
  fc.constantFrom("", "GET", "/", "200", "a", "gzip, deflate", "0"),
  fc.string({ unit: fc.constantFrom(..."abz09 /=;\xe9\xff"), maxLength: 30 }),
  fc.string({ minLength: 100, maxLength: 300, unit: fc.constantFrom("x", "y") }),
);
const fields = fc.array(fc.tuple(name, value, fc.integer({ min: 0, max: 9 })), { maxLength: 12 });
const step = fc.oneof(
  { weight: 5, arbitrary: fields },
  { weight: 1, arbitrary: fc.constantFrom(0, 50, 100, 500, 4_096, 10_000) },
);

test(title("what is encoded is decoded, block after block, while the table changes its size"), () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const encoder = new HpackEncoder();
      const decoder = new HpackDecoder();
      for (const one of steps) {
        if (typeof one === "number") {
          encoder.resize(one);
          continue;
        }
        let block = encoder.begin();
        for (const [field, text, dice] of one) block += encoder.field(field, text, dice === 0);
        const decoded = decodeBlock(decoder, Buffer.from(block, "latin1"));
        assert.equal(decoded.problem, "");
        assert.deepEqual(
          decoded.fields.map(([field, text]) => [field, text]),
          one.map(([field, text]) => [field, text]),
        );
        one.forEach(([, , dice], i) => dice !== 0 || assert.equal(decoded.fields[i][2], true));
      }
    }),
    { seed: SEED, numRuns: 300 },
  );
});

test(title("any octets are decoded or refused, and the table stays within its bound"), () => {
  const octet = fc.oneof(
    fc.integer({ min: 0, max: 255 }),
    fc.constantFrom(0x82, 0xbe, 0xbf, 0x40, 0x00, 0x10, 0x20, 0x3f, 0x7f, 0xff, 0x81, 0x01, 0x02, 0x61),
  );
  fc.assert(
    fc.property(fc.array(fc.array(octet, { maxLength: 60 }), { maxLength: 8 }), (blocks) => {
      const decoder = new HpackDecoder();
      for (const block of blocks) {
        const { fields, problem } = decodeBlock(decoder, Uint8Array.from(block));
        assert.ok(fields.length <= block.length);
        assert.ok(decoder.tableSize >= 0 && decoder.tableSize <= HEADER_TABLE_BYTES);
        if (problem !== "") return;
      }
    }),
    { seed: SEED, numRuns: 6_000 },
  );
});

test(title("a block that is cut short is refused, or is the beginning of the whole"), () => {
  fc.assert(
    fc.property(fields, (list) => {
      const encoder = new HpackEncoder();
      const block = Buffer.from(list.map(([field, text]) => encoder.field(field, text)).join(""), "latin1");
      const whole = decodeBlock(new HpackDecoder(), block).fields;
      for (let end = 0; end < block.length; end++) {
        const part = decodeBlock(new HpackDecoder(), block.subarray(0, end));
        assert.deepEqual(part.fields, whole.slice(0, part.fields.length));
        assert.ok(part.problem !== "" || part.fields.length <= whole.length);
      }
    }),
    { seed: SEED, numRuns: 300 },
  );
});
