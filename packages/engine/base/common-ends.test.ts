import assert from "node:assert/strict";
import { test } from "node:test";
import { commonEnds } from "./common-ends.ts";

test("what two lists begin and end with in common", () => {
  const ends = (a: string, b: string) => commonEnds([...a], [...b]);
  assert.deepEqual(ends("", ""), { start: 0, end: 0 });
  assert.deepEqual(ends("abc", "abc"), { start: 3, end: 0 });
  assert.deepEqual(ends("abc", "axc"), { start: 1, end: 1 });
  assert.deepEqual(ends("abc", "ac"), { start: 1, end: 1 });
  assert.deepEqual(ends("abc", "xyz"), { start: 0, end: 0 });
  assert.deepEqual(ends("aa", "aaa"), { start: 2, end: 0 });
});
