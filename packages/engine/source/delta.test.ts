import assert from "node:assert/strict";
import { test } from "node:test";
import { unitKey } from "../model/index.ts";
import type { EndpointsUnit, RouteRule, RouteUnit, SnapshotDelta } from "../model/index.ts";
import { cutDelta, diffUnits } from "./delta.ts";
import type { HashedUnit } from "./delta.ts";

function endpoints(name: string, count: number = 1, hash: string = "1"): HashedUnit {
  const unit: EndpointsUnit = {
    kind: "endpoints",
    name,
    endpoints: Array.from({ length: count }, (_, i) => ({
      address: "10.0.0.1",
      port: i + 1,
      weight: 1,
      zone: "",
    })),
  };
  return { unit, hash };
}

function route(name: string, matches: number): HashedUnit {
  const rule = {
    matches: Array.from({ length: matches }, () => ({})),
    backends: [{}],
  } as unknown as RouteRule;
  const unit: RouteUnit = { kind: "route", name, attachments: [], rules: [rule], createdMs: 0 };
  return { unit, hash: "1" };
}

const have = (units: readonly HashedUnit[]) => new Map(units.map(({ unit, hash }) => [unitKey(unit), hash]));

test("the difference is what is new or changed, and what is gone", () => {
  const before = [endpoints("same"), endpoints("changed"), endpoints("gone")];
  const want = [endpoints("same"), endpoints("changed", 1, "2"), endpoints("new")];
  const { puts, removes } = diffUnits(have(before), want);
  assert.deepEqual(puts, want.slice(1));
  assert.deepEqual(removes, ["endpoints:gone"]);
});

test("units of the same name and another kind are other units", () => {
  const { puts, removes } = diffUnits(have([endpoints("x")]), [route("x", 1)]);
  assert.equal(puts.length, 1);
  assert.deepEqual(removes, ["endpoints:x"]);
});

function cut(puts: HashedUnit[], removes: string[] = [], indexes: [string, number][] = []): SnapshotDelta[] {
  return [...cutDelta(7, { puts, removes }, indexes)];
}

test("a change without content is one message, which ends it", () => {
  assert.deepEqual(cut([]), [{ version: 7, puts: [], removes: [], indexes: [], isLast: true }]);
});

test("messages are small, in order, whole, and only the last one ends the version and removes", () => {
  const puts = Array.from({ length: 1_000 }, (_, i) => endpoints(`e${i}`));
  const indexes = puts.map(({ unit }, i): [string, number] => [`cluster:${unit.name}`, i]);
  const deltas = cut(puts, ["route:gone"], indexes);
  assert.deepEqual(
    deltas.flatMap((delta) => delta.puts),
    puts,
  );
  assert.deepEqual(
    deltas.flatMap((delta) => delta.indexes),
    indexes,
  );
  assert.deepEqual(
    deltas.map(({ isLast }) => isLast),
    [...new Array<boolean>(deltas.length - 1).fill(false), true],
  );
  assert.deepEqual(
    deltas.flatMap((delta) => delta.removes),
    ["route:gone"],
  );
  assert.equal(deltas.at(-1)?.removes.length, 1);
  for (const delta of deltas) {
    assert.equal(delta.version, 7);
    assert.ok(delta.puts.length <= 40);
    assert.ok(delta.indexes.length <= 480);
  }
});

test("heavy units fill a message sooner", () => {
  const deltas = cut(Array.from({ length: 30 }, (_, i) => route(`r${i}`, 59)));
  assert.ok(
    deltas.every(({ puts }) => puts.length <= 2),
    deltas.map(({ puts }) => puts.length).join(" "),
  );
  const large = cut(Array.from({ length: 4 }, (_, i) => endpoints(`e${i}`, 5_000)));
  assert.ok(large.every(({ puts }) => puts.length <= 1));
});

test("many indexes with few units are cut too", () => {
  const indexes = Array.from({ length: 5_000 }, (_, i): [string, number] => [`endpoint:a|${i}`, i]);
  const deltas = cut([endpoints("a")], [], indexes);
  assert.deepEqual(
    deltas.flatMap((delta) => delta.indexes),
    indexes,
  );
  assert.ok(deltas.every((delta) => delta.indexes.length <= 480));
});
