import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { readJson } from "./index.ts";

const read = (text: string | Uint8Array) =>
  readJson(typeof text === "string" ? Buffer.from(text) : text, { maxDepth: 8 });

test("hostile texts", () => {
  for (const [text, problem] of [
    ["", /no JSON/],
    ["\ufeff{}", /no JSON/],
    ["{}{}", /no JSON/],
    ["NaN", /no JSON/],
    ['{"a":1,"a":2}', /twice/],
    ['{"a":1,"\\u0061":2}', /twice/],
    ['[{"b":{"a":1,"a":{}}}]', /twice/],
    ['{"__proto__":1}', /__proto__/],
    ['{"\\u005f\\u005fproto__":1}', /__proto__/],
    ['{"__proto__":1,"__proto__":2}', /__proto__/],
    ["[".repeat(9) + "]".repeat(9), /deeper/],
    ["[".repeat(1_000_000), /deeper/],
    ['{"a":'.repeat(9) + "1" + "}".repeat(9), /deeper/],
    ['"\\', /no JSON/],
    ['{"a:', /no JSON/],
  ] as const) {
    const reading = read(text);
    assert.ok("problem" in reading, text.slice(0, 40));
    assert.match(reading.problem, problem);
  }
  assert.match((read(Buffer.from([0x22, 0xff, 0x22])) as { problem: string }).problem, /UTF-8/);
});

test("whatever is JSON and has one meaning is read as it is", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), (text) => {
      if (text.includes("__proto__")) return;
      assert.deepEqual(read(text), { value: JSON.parse(text) as unknown });
    }),
    { seed: 7, numRuns: 300 },
  );
  assert.deepEqual(read('{"a:{[":"}:\\"{","constructor":{"toString":1}}'), {
    value: { "a:{[": '}:"{', constructor: { toString: 1 } },
  });
});
