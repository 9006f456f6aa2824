import assert from "node:assert/strict";
import { test } from "node:test";
import { Fields, makeFieldBlock, NAME } from "./index.ts";

const block = makeFieldBlock([
  ["x-forwarded-for", "10.0.0.9"],
  ["x-forwarded-proto", "http"],
]);

test("a block's fields are found, listed, replaced and removed like any other", () => {
  const fields = Fields.of([["accept", "a"]]);
  fields.addBlock(block);
  assert.equal(fields.blockLines, "x-forwarded-for: 10.0.0.9\r\nx-forwarded-proto: http\r\n");
  assert.equal(fields.getKnown(NAME.USER_AGENT), undefined);
  assert.notEqual(fields.blockLines, "", "another name does not take it apart");
  assert.equal(fields.getKnown(NAME.X_FORWARDED_PROTO), "http");
  assert.equal(fields.blockLines, "");
  assert.equal(fields.size, 3);
  fields.set("x-forwarded-for", "1.2.3.4");
  assert.equal(fields.delete("x-forwarded-proto"), true);
  assert.deepEqual(fields.toPairs(), [
    ["accept", "a"],
    ["x-forwarded-for", "1.2.3.4"],
  ]);
});

test("a copy has the block's fields as its own", () => {
  const fields = new Fields();
  fields.addBlock(block);
  const copy = fields.clone();
  copy.delete("x-forwarded-for");
  assert.equal(fields.get("x-forwarded-for"), "10.0.0.9");
});

test("a block takes known names and clean values only", () => {
  assert.throws(() => makeFieldBlock([["x-odd", "a"]]), RangeError);
  assert.throws(() => makeFieldBlock([["via", "a\r\nb: c"]]), RangeError);
});
