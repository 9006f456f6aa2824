import assert from "node:assert/strict";
import { test } from "node:test";
import { splitDocuments, splitDocumentsAgain } from "./split-documents.ts";

const split = (text: string) =>
  splitDocuments(text).map(({ text: piece, lineOffset }) => [lineOffset, piece]);

test("cuts before each marker and knows the lines before it", () => {
  assert.deepEqual(split("a: 1\n---\nb: 2\n--- # two\nc: 3\n"), [
    [0, "a: 1\n"],
    [1, "---\nb: 2\n"],
    [3, "--- # two\nc: 3\n"],
  ]);
});

test("a marker at the start, at the end, and with CR LF", () => {
  assert.deepEqual(split("---\na: 1\n---"), [
    [0, "---\na: 1\n"],
    [2, "---"],
  ]);
  assert.deepEqual(split("a: 1\r\n---\r\nb: 2"), [
    [0, "a: 1\r\n"],
    [1, "---\r\nb: 2"],
  ]);
});

test("what only looks like a marker does not cut", () => {
  for (const text of ["a: ---\n", "a:\n ---\n", "----\n", "---a: 1\n"]) {
    assert.deepEqual(split(text), [[0, text]]);
  }
});

test("a text with a directive stays whole, since it reaches over the marker", () => {
  const text = "%TAG ! !x\n---\na: 1\n---\nb: 2\n";
  assert.deepEqual(split(text), [[0, text]]);
});

test("a gap gives the documents in it, unless they may reach further", () => {
  const cut = (part: string, hasAfter: boolean) => {
    const text = `a: 1\n${part}${hasAfter ? "---\nz: 1\n" : ""}`;
    return splitDocumentsAgain(text, {
      from: 5,
      stop: 5 + part.length,
      line: 1,
      lineStart: 5,
      hasBefore: true,
      hasAfter,
    });
  };
  assert.deepEqual(cut("---\nb: 2\n---\nc: 3\n", true), [
    { text: "---\nb: 2\n", start: 5, lineOffset: 1, columnOffset: 0 },
    { text: "---\nc: 3\n", start: 14, lineOffset: 3, columnOffset: 0 },
  ]);
  assert.deepEqual(cut("", true), []);
  assert.equal(cut("---\nb: 2", false)?.length, 1);
  assert.equal(cut("---\nb: 2", true), null);
  assert.equal(cut("---\nb: 2\n...\n%TAG ! !x\n", true), null);
});
