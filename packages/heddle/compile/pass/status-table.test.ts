import { ChunkedList } from "@heddle/engine/base";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ResourceKey } from "../../resources/index.ts";
import type { Status } from "../io/status.ts";
import { StatusTable } from "./status-table.ts";

const few: ResourceKey = "/Gateway/default/edge";
const many: ResourceKey = "/HTTPRoute/default/web";
const status: Status = { parents: [] };
const other: Status = { parents: [] };

test("a table of statuses reads as a map of both its parts", () => {
  const table = new StatusTable(new Map([[few, other]]), ChunkedList.of([{ key: many, status }]), 0);
  assert.deepEqual(
    [...table],
    [
      [many, status],
      [few, other],
    ],
  );
  assert.equal(table.get(many), status);
  assert.equal(table.get(few), other);
  assert.deepEqual(
    [table.has(many), table.has(few), table.has("/Gateway/default/none")],
    [true, true, false],
  );
  assert.equal(table.size, 2);
});

test("a status that is set replaces that of its key, in the copy alone", () => {
  const table = new StatusTable(new Map(), ChunkedList.of([{ key: many, status }]), 0);
  const copy = table.copy();
  copy.set(many, other);
  copy.set(few, status);
  copy.set(few, other);
  const seen = new Map<ResourceKey, Status>();
  copy.forEach((one, key) => {
    assert.ok(!seen.has(key));
    seen.set(key, one);
  });
  assert.deepEqual([...seen.values()], [other, other]);
  assert.equal(seen.get(many), other);
  assert.equal(copy.size, 2);
  assert.deepEqual([...copy.keys()].sort(), [few, many].sort());
  assert.deepEqual([...table.values()], [status]);
});
