import assert from "node:assert/strict";
import { test } from "node:test";
import { measureCpuMs } from "@heddle/testkit";
import { trimAround } from "./trim-around.ts";

test("blanks go at the ends and around separators, and nowhere else", () => {
  for (const [text, trimmed] of [
    ["", ""],
    [" \t ", ""],
    ["\ta b , c,d ", "a b,c,d"],
    [",  ,", ",,"],
    ["a\u00a0,b", "a\u00a0,b"],
  ] as const)
    assert.equal(trimAround(text, ","), trimmed);
});

test("a head full of blanks takes no time", async () => {
  const text = `a${" ".repeat(60_000)}b`;
  assert.ok((await measureCpuMs(() => trimAround(text, ","))) < 200);
});
