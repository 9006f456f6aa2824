import assert from "node:assert/strict";
import { test } from "node:test";
import { commonText } from "./common-text.ts";
import { AsciiText } from "./source-text.ts";

const ascii = (text: string): AsciiText => new AsciiText(Buffer.from(text));

test("what two texts begin and end with in common", () => {
  assert.deepEqual(commonText("", ""), { prefix: 0, suffix: 0 });
  assert.deepEqual(commonText("abc", "abc"), { prefix: 3, suffix: 0 });
  assert.deepEqual(commonText("abc", "abd"), { prefix: 2, suffix: 0 });
  assert.deepEqual(commonText("abc", "xbc"), { prefix: 0, suffix: 2 });
  assert.deepEqual(commonText("aa", "aaa"), { prefix: 2, suffix: 0 });
  assert.deepEqual(commonText("abc", ""), { prefix: 0, suffix: 0 });
});

test("in long texts the one character that differs is found, wherever it is", () => {
  const long = "0123456789".repeat(20_001);
  for (const at of [0, 1, 65_535, 65_536, 65_537, 100_000, 131_072, 200_000, long.length - 1]) {
    const other = `${long.slice(0, at)}x${long.slice(at + 1)}`;
    assert.deepEqual(commonText(long, other), { prefix: at, suffix: long.length - at - 1 });
    const longer = `${long.slice(0, at)}xyz${long.slice(at)}`;
    assert.deepEqual(commonText(long, longer), { prefix: at, suffix: long.length - at });
    assert.deepEqual(commonText(longer, long), { prefix: at, suffix: long.length - at });
    assert.deepEqual(commonText(ascii(long), ascii(longer)), { prefix: at, suffix: long.length - at });
    assert.deepEqual(commonText(ascii(longer), long), { prefix: at, suffix: long.length - at });
  }
});
