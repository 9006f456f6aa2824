import assert from "node:assert/strict";
import { test } from "node:test";
import { commonText, isSameText } from "./common-text.ts";
import { AsciiText, type SourceText } from "./source-text.ts";

const ascii = (text: string): AsciiText => new AsciiText(Buffer.from(text));

function resultOf<T>(steps: Generator<void, T>): { result: T; steps: number } {
  for (let count = 0; ; count++) {
    const step = steps.next();
    if (step.done === true) return { result: step.value, steps: count };
  }
}

const common = (a: SourceText, b: SourceText) => resultOf(commonText(a, b)).result;
const same = (a: SourceText, b: SourceText) => resultOf(isSameText(a, b)).result;

test("what two texts begin and end with in common", () => {
  assert.deepEqual(common("", ""), { prefix: 0, suffix: 0 });
  assert.deepEqual(common("abc", "abc"), { prefix: 3, suffix: 0 });
  assert.deepEqual(common("abc", "abd"), { prefix: 2, suffix: 0 });
  assert.deepEqual(common("abc", "xbc"), { prefix: 0, suffix: 2 });
  assert.deepEqual(common("aa", "aaa"), { prefix: 2, suffix: 0 });
  assert.deepEqual(common("abc", ""), { prefix: 0, suffix: 0 });
});

test("in long texts the one character that differs is found, wherever it is", () => {
  const long = "0123456789".repeat(20_001);
  for (const at of [0, 1, 65_535, 65_536, 65_537, 100_000, 131_072, 200_000, long.length - 1]) {
    const other = `${long.slice(0, at)}x${long.slice(at + 1)}`;
    assert.deepEqual(common(long, other), { prefix: at, suffix: long.length - at - 1 });
    const longer = `${long.slice(0, at)}xyz${long.slice(at)}`;
    assert.deepEqual(common(long, longer), { prefix: at, suffix: long.length - at });
    assert.deepEqual(common(longer, long), { prefix: at, suffix: long.length - at });
    assert.deepEqual(common(ascii(long), ascii(longer)), { prefix: at, suffix: long.length - at });
    assert.deepEqual(common(ascii(longer), long), { prefix: at, suffix: long.length - at });
  }
});

test("whether two long texts are the same, wherever they differ", () => {
  const long = "0123456789".repeat(20_001);
  assert.equal(same("", ""), true);
  assert.equal(same(long, ascii(long)), true);
  assert.equal(same(ascii(long), ascii(long)), true);
  assert.equal(same(ascii(long), ascii(`${long}0`)), false);
  for (const at of [0, 1, 65_535, 65_536, 131_072, long.length - 1])
    assert.equal(same(ascii(long), ascii(`${long.slice(0, at)}x${long.slice(at + 1)}`)), false);
});

test("a long text is compared in steps", () => {
  const long = ascii("0123456789".repeat(100_000));
  assert.ok(resultOf(isSameText(long, long)).steps >= 15);
  assert.ok(resultOf(commonText(long, long)).steps >= 15);
});
