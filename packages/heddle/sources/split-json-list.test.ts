import assert from "node:assert/strict";
import { test } from "node:test";
import { runToEnd } from "@heddle/engine/base";
import type { TextPiece } from "./split-documents.ts";
import { splitJsonItems, splitJsonList } from "./split-json-list.ts";

const placed = ({ text, lineOffset, columnOffset }: TextPiece) => ({ text, lineOffset, columnOffset });

function split(text: string) {
  return runToEnd(splitJsonList(text))?.items.map(placed) ?? null;
}

test("cuts out the items and knows the lines and columns before them", () => {
  assert.deepEqual(split('{"kind":"List","items":[{"a":"]}"},{"b":[1]}]}'), [
    { text: '{"a":"]}"}', lineOffset: 0, columnOffset: 24 },
    { text: '{"b":[1]}', lineOffset: 0, columnOffset: 35 },
  ]);
  assert.deepEqual(
    split('\n{ "items" : [\n  {\n"a": 1 } , {}\n],\r\n"kind": "RouteList", "x": {"items": [1]}}'),
    [
      { text: '{\n"a": 1 }', lineOffset: 2, columnOffset: 2 },
      { text: "{}", lineOffset: 3, columnOffset: 11 },
    ],
  );
  assert.deepEqual(split('{"items": [ ], "kind": "List"}'), []);
});

test("what is no list of objects in JSON stays whole", () => {
  for (const text of [
    "",
    "kind: List\nitems: [{}]\n",
    '[{"kind":"List","items":[{}]}]',
    '{"kind":"Route","items":[{}]}',
    '{"kind":"List","spec":{"items":[{}]}}',
    '{"kind":"List","items":[1]}',
    '{"kind":"List","items":[{} {}]}',
    '{"kind":"List","items":[{},]}',
    '{"kind":"List","items":[{}',
    '{"kind":"List","items":[{}]',
    '{"kind":"List","items":[{}]}}',
    '{"kind":"List","items":[{}],"items":[{}]}',
    '{"kind":"List","kind":"Route","items":[{}]}',
    '{"kind":"List","items":[{"a":"}]}',
    '{"kind":"List","items":[}]}',
  ]) {
    assert.equal(split(text), null, text);
  }
});

test("a gap of a list gives whole items with their commas, or nothing", () => {
  const cut = (part: string, hasBefore: boolean, hasAfter: boolean) => {
    const text = `[${part}${hasAfter ? "{}]" : "]"}`;
    const gap = { from: 1, stop: 1 + part.length, line: 7, lineStart: 0, hasBefore, hasAfter };
    return splitJsonItems(text, gap).next().value as TextPiece[] | null;
  };
  const texts = (pieces: TextPiece[] | null) => pieces && pieces.map(({ text }) => text);
  assert.deepEqual(texts(cut(',{"a":1},', true, true)), ['{"a":1}']);
  assert.deepEqual(texts(cut(" , ", true, true)), []);
  assert.deepEqual(texts(cut("{},{},", false, true)), ["{}", "{}"]);
  assert.deepEqual(texts(cut(",{} ", true, false)), ["{}"]);
  assert.deepEqual(texts(cut("", true, false)), []);
  const whole: [string, boolean, boolean][] = [
    ["", true, true],
    ["{}", true, true],
    [",{}", true, true],
    ["{},", true, true],
    [",,", true, true],
    [",", true, false],
    [",{},", true, false],
    [",{", true, true],
    [",1,", true, true],
  ];
  for (const [part, hasBefore, hasAfter] of whole) assert.equal(cut(part, hasBefore, hasAfter), null, part);
  assert.deepEqual(cut(",\n {},", true, true), [{ text: "{}", start: 4, lineOffset: 8, columnOffset: 1 }]);
});
