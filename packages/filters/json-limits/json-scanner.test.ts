import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { JsonBounds } from "./config.ts";
import { JsonScanner } from "./json-scanner.ts";

const bounds: JsonBounds = {
  maxBytes: 1_000,
  maxDepth: 4,
  maxMembers: 3,
  maxItems: 3,
  maxStringBytes: 10,
  maxNameBytes: 8,
  maxNumberBytes: 6,
  allowsDuplicates: false,
  forbiddenNames: ["__proto__", "constructor"],
};

const wide: JsonBounds = {
  maxBytes: 1e9,
  maxDepth: 1e4,
  maxMembers: 1e9,
  maxItems: 1e9,
  maxStringBytes: 1e9,
  maxNameBytes: 1e9,
  maxNumberBytes: 1e9,
  allowsDuplicates: true,
  forbiddenNames: [],
};

function scan(text: string | Uint8Array, by: JsonBounds = bounds, size = Infinity) {
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  const scanner = new JsonScanner(by);
  for (let at = 0; at < bytes.length; at += size) {
    const fault = scanner.write(bytes.subarray(at, at + size));
    if (fault !== null) return fault;
  }
  return scanner.end();
}

const table: readonly (readonly [string, string | null])[] = [
  ['{"a":[1,2.5,-3e2],"b":"x","c":null}', null],
  [" \t\r\n true ", null],
  ['"a"', null],
  ["0", null],
  ["[[[[]]]]", null],
  ["[[[[[]]]]]", "too-deep"],
  ['{"a":{"b":{"c":{"d":{}}}}}', "too-deep"],
  ["[1,2,3]", null],
  ["[1,2,3,4]", "too-many-items"],
  ["[[],[],[],[]]", "too-many-items"],
  ['{"a":1,"b":2,"c":3}', null],
  ['{"a":1,"b":2,"c":3,"d":4}', "too-many-members"],
  ['"0123456789"', null],
  ['"01234567890"', "string-too-long"],
  ['"\\u0041\\u0041"', "string-too-long"],
  ['{"01234567":1}', null],
  ['{"012345678":1}', "name-too-long"],
  ["123456", null],
  ["1234567", "number-too-long"],
  ['{"a":1,"a":2}', "duplicate-name"],
  ['{"a":1,"\\u0061":2}', "duplicate-name"],
  ['[{"a":1},{"a":1}]', null],
  ['{"a":{"a":1}}', null],
  ['{"A":1,"a":1}', null],
  ['{"__proto__":{}}', "name-too-long"],
  ['["__proto__"]', null],
  // What is no JSON (RFC 8259)
  ...[
    "",
    " ",
    "{",
    "[",
    "}",
    "]",
    "[1",
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,}',
    "[1,]",
    "[,1]",
    "{,}",
    "{1:2}",
    "{a:1}",
    "{'a':1}",
    "[1 2]",
    "[1}",
    '{"a":1]',
    '{"a" 1}',
    '{"a"::1}',
    "1 2",
    "{}{}",
    "{} x",
    "01",
    "1.",
    ".5",
    "+1",
    "1e",
    "1e+",
    "--1",
    "-",
    "0x1",
    "NaN",
    "Infinity",
    "tru",
    "trues",
    "TRUE",
    "nulll",
    "undefined",
    '"a',
    '"\\x"',
    '"\\u12"',
    '"\\u12g4"',
    '"\n"',
    '"\t"',
    "'a'",
    "// x\n1",
    "/**/1",
    "\u00a01",
    "\ufeff1",
    "[1]\0",
  ].map((text) => [text, "malformed"] as const),
];

for (const [text, expected] of table) {
  test(`${JSON.stringify(text)} is ${expected ?? "good"}, whole and octet by octet`, () => {
    assert.equal(scan(text), expected);
    assert.equal(scan(text, bounds, 1), expected);
    if (expected === "malformed") assert.throws(() => JSON.parse(text));
  });
}

test("names that reach prototypes, however they are written", () => {
  const roomy = { ...bounds, maxNameBytes: 100 };
  for (const name of [
    "__proto__",
    "\\u005f_proto__",
    "\\u005F\\u005Fproto\\u005f_",
    "constructor",
    "c\\u006fnstructor",
  ])
    assert.equal(scan(`[{"${name}":1}]`, roomy), "forbidden-name", name);
});

test("a name in octets that are no UTF-8 is no name", () => {
  assert.equal(scan(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])), "malformed");
  assert.equal(scan(Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d])), "malformed");
});

test("UTF-16 is no JSON", () => {
  assert.equal(scan(Buffer.from('{"a":1}', "utf16le")), "malformed");
});

test("the whole has its bound, known before it is all there", () => {
  const scanner = new JsonScanner(bounds);
  assert.equal(scanner.write(Buffer.alloc(1_000, " ")), null);
  assert.equal(scanner.write(Buffer.from(" ")), "too-large");
  assert.equal(scanner.write(Buffer.from("1")), "too-large", "and it stays");
});

test("an array of 100,000 deep costs no more than its bound", () => {
  assert.equal(scan("[".repeat(100_000), { ...wide, maxDepth: 64 }), "too-deep");
});

test("it takes what JSON.parse takes, and nothing else", () => {
  const text = fc.oneof(
    fc.json(),
    fc.json({ maxDepth: 6 }).chain((json) =>
      fc
        .record({
          at: fc.nat(json.length),
          put: fc.constantFrom("", '"', "{", "}", "[", ",", ":", "1", "e", "\\", "\u0001", " "),
        })
        .map(({ at, put }) => json.slice(0, at) + put + json.slice(at + 1)),
    ),
    fc
      .array(fc.constantFrom(...'{}[]:,"\\u0129.eE+-tfn l'.split("")), { maxLength: 12 })
      .map((all) => all.join("")),
  );
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 7 }), (json, size) => {
      let isGood = true;
      try {
        JSON.parse(json);
      } catch {
        isGood = false;
      }
      assert.equal(scan(json, wide, size) === null, isGood, json);
    }),
    { seed: 20_261_128, numRuns: 3_000 },
  );
});
