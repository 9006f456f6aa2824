import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { parseJson } from "./parse-json.ts";

test("what it reads is what the YAML reader reads", () => {
  for (const text of [
    '{"a": [1, -0, 1.5e3, 123456789012345678901234567890, true, null, "b"], "": {}}',
    '[{"a": "\\u00e9\\ud83d\\ude00\\/\\"\\\\"}, {"a\\"b:": ":{["}]',
    ' \r\n\t{"<<": {"a": 1}, "__proto__": {"b": 2}, "1": "x", "# no": "y"}\n',
    "{}",
    "[]",
  ]) {
    const read = parseJson(text);
    assert.ok(read !== undefined, text);
    assert.deepEqual(read.value, parse(text, { merge: true }), text);
  }
});

test("what is no JSON, or would mean another thing in YAML, is left alone", () => {
  for (const text of [
    "",
    "1",
    "a: 1",
    "{a: 1}",
    "[1, 2,]",
    '{"a": 1} {"b": 2}',
    '{"a": "b}',
    '{"a": "b\\"}',
    '{"a": 1, "a": 2}',
    '{"a": 1, "\\u0061": 2}',
    '{"a": {"b": 1, "c": [{"d": 1, "d": 1}]}}',
    `${"[".repeat(65)}${"]".repeat(65)}`,
    "[".repeat(200_000),
  ]) {
    assert.equal(parseJson(text), undefined, text.slice(0, 80));
  }
  assert.notEqual(parseJson(`${"[".repeat(64)}${"]".repeat(64)}`), undefined);
});
