import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readdirSync } from "node:fs";
import { suite, test } from "node:test";
import { readJson, sharedFolder, skipReason } from "../shared-data.suite.ts";
import { HpackDecoder } from "./decoder.ts";
import { HpackEncoder } from "./encoder.ts";
import { decodeBlock } from "./hpack.suite.ts";

interface Story {
  readonly cases: {
    readonly wire?: string;
    readonly header_table_size?: number;
    readonly headers: Record<string, string>[];
  }[];
}

const skip = skipReason("hpack");
const folder = sharedFolder("hpack");

/** The stories of http2jp/hpack-test-case: several encoders' octets for the same fields, a table for each story. */
suite("stories of several encoders", { skip }, () => {
  for (const encoder of skip === false ? readdirSync(folder) : []) {
    for (const name of readdirSync(`${folder}/${encoder}`)) {
      const { cases } = readJson<Story>(`${folder}/${encoder}/${name}`);
      const pairs = (index: number) => cases[index].headers.flatMap((field) => Object.entries(field));

      if (encoder !== "raw-data")
        test(`${encoder} ${name} is decoded`, () => {
          const decoder = new HpackDecoder();
          cases.forEach(({ wire }, index) => {
            const decoded = decodeBlock(decoder, Buffer.from(wire!, "hex"));
            assert.equal(decoded.problem, "");
            assert.deepEqual(
              decoded.fields.map(([field, value]) => [field, value]),
              pairs(index),
            );
          });
        });

      test(`${encoder} ${name} comes back from our encoder`, () => {
        const decoder = new HpackDecoder();
        const ours = new HpackEncoder();
        cases.forEach((one, index) => {
          if (one.header_table_size !== undefined) ours.resize(one.header_table_size);
          let block = ours.begin();
          for (const [field, value] of pairs(index)) block += ours.field(field, value);
          const decoded = decodeBlock(decoder, Buffer.from(block, "latin1"));
          assert.equal(decoded.problem, "");
          assert.deepEqual(
            decoded.fields.map(([field, value]) => [field, value]),
            pairs(index),
          );
        });
      });
    }
  }
});
