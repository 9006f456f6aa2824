import assert from "node:assert/strict";
import { test } from "node:test";
import { makeKey } from "../../resources/index.ts";
import { Births } from "./births.ts";

test("a birth is once, until the resource is gone", () => {
  let nowMs = Date.UTC(2026, 0, 31, 12, 0, 0, 999);
  const births = new Births(() => nowMs);
  const key = makeKey("", "Service", "shop", "web");
  assert.equal(births.find(key), undefined);
  const first = births.of(key);
  assert.equal(first.createdAt, "2026-01-31T12:00:00Z");
  nowMs += 5_000;
  assert.equal(births.of(key), first);
  assert.equal(births.find(key), first);
  births.forget(key);
  assert.equal(births.find(key), undefined);
  assert.equal(births.of(key).createdAt, "2026-01-31T12:00:05Z");
  assert.notEqual(births.of(key).uid, first.uid);
});
