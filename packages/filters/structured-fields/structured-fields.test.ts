import assert from "node:assert/strict";
import { test } from "node:test";
import { measureCpuMs } from "@heddle/testkit";
import { parseDictionary, serializeMember } from "./index.ts";

/** What is read and written again; null for what is no dictionary. */
function round(text: string): string | null {
  const found = parseDictionary(text);
  return found && [...found].map(([key, member]) => `${key}=${serializeMember(member)}`).join(", ");
}

test("what RFC 9651 shows is read, and written in its one form", () => {
  for (const [text, canonical] of [
    ["", ""],
    ["  ", ""],
    ['en="Applepie", da=:w4ZibGV0w6ZydGU=:', 'en="Applepie", da=:w4ZibGV0w6ZydGU=:'],
    ["a=?0, b, c; foo=bar", "a=?0, b=?1, c=?1;foo=bar"],
    ["rating=1.5, feelings=(joy sadness)", "rating=1.5, feelings=(joy sadness)"],
    ["a=(1 2), b=3, c=4;aa=bb, d=(5 6);valid", "a=(1 2), b=3, c=4;aa=bb, d=(5 6);valid"],
    ['a=( "x";y=1   z );q=?1', 'a=("x";y=1 z);q'],
    ["a=1,\t b=2", "a=1, b=2"],
    ["a=-0, b=-0.0, c=1.10, d=-999999999999999", "a=0, b=0.0, c=1.1, d=-999999999999999"],
    ["a=@1659578233", "a=@1659578233"],
    ['a=%"This is intended for display to %c3%bcsers."', 'a=%"This is intended for display to %c3%bcsers."'],
    ['a="\\"\\\\"', 'a="\\"\\\\"'],
    ["*a._-9=*tok:/en", "*a._-9=*tok:/en"],
    ["a=::, b=:YQ:", "a=::, b=:YQ==:"],
    ["a=()", "a=()"],
  ] as const)
    assert.equal(round(text), canonical, text);
});

test("what is no dictionary is none", () => {
  for (const text of [
    ",",
    "a,",
    "a=1,",
    "a=1 b=2",
    "a=1,,b=2",
    "A=1",
    "1=1",
    "a=",
    "a= 1",
    "a =1",
    "a=(1",
    "a=(1,2)",
    'a=("x""y")',
    "a=((1))",
    'a="x',
    'a="\\x"',
    'a="ü"',
    'a="\u0007"',
    "a=:YQ==",
    "a=:Y Q=:",
    "a=:Y-_=:",
    "a=:===:",
    "a=?2",
    "a=?",
    "a=1234567890123456",
    "a=1.",
    "a=1.2345",
    "a=1234567890123.1",
    "a=1.2.3",
    "a=-",
    "a=--1",
    "a=@1.5",
    "a=@x",
    'a=%"x',
    'a=%"%C3%BC"',
    'a=%"%ff"',
    'a=%"%zz"',
    "a=1;",
    "a=1;B=2",
    "a=1;b=",
    "a=1; ;b",
    "a=[1]",
    "a={}",
    "a=1\n",
    "a=1\u00a0",
    // Twice: who takes the first and who takes the last see two different ones.
    "a=1, a=1",
    "a=1, b=2, a=3",
    "a=1;b=1;b=2",
    'a=("x");keyid="1";keyid="2"',
  ])
    assert.equal(round(text), null, text);
});

test("a long text takes no longer than it is", async () => {
  for (const text of [
    `a=(${'"x" '.repeat(10_000)})`,
    `a=${"(".repeat(50_000)}`,
    `a=%"${"%".repeat(50_000)}`,
    `a="${"\\".repeat(50_001)}`,
    `a=:${"A".repeat(50_000)}`,
    `a${";b".repeat(20_000)}`,
    "a=1;".repeat(10_000),
    " ".repeat(50_000),
  ]) {
    const spentMs = await measureCpuMs(() => parseDictionary(text));
    assert.ok(spentMs < 300, text.slice(0, 10));
  }
});
