import assert from "node:assert/strict";
import { test } from "node:test";
import { splitJsonList } from "./split-json-list.ts";

function split(text: string) {
  const steps = splitJsonList(text);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
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
