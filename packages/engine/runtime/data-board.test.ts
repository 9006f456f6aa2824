import assert from "node:assert/strict";
import { test } from "node:test";
import { DataBoard } from "./data-board.ts";

const unit = (value: unknown) => ({ kind: "data", name: "keys", value }) as const;

test("a filter that asked before the unit came sees it, and each later value", () => {
  const board = new DataBoard();
  const seen = board.of("keys");
  assert.equal(seen.value, undefined);
  board.put(unit(["a"]), "1");
  assert.deepEqual(seen.value, ["a"]);
  board.put(unit(["b"]), "2");
  assert.deepEqual(seen.value, ["b"]);
  assert.equal(seen.version, 2);
});

test("the same content again is no new version", () => {
  const board = new DataBoard();
  board.put(unit(["a"]), "1");
  const seen = board.of("keys");
  board.put(unit(["a"]), "1");
  assert.equal(seen.version, 1);
});

test("a unit that goes and comes again is seen by who asked before", () => {
  const board = new DataBoard();
  const seen = board.of("keys");
  board.put(unit(["a"]), "1");
  board.remove("keys");
  assert.equal(seen.value, undefined);
  board.put(unit(["a"]), "1");
  assert.deepEqual(seen.value, ["a"]);
  assert.equal(seen.version, 3);
});
