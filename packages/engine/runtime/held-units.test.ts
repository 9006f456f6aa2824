import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SnapshotDelta, Unit } from "../model/index.ts";
import { ANY_HOST, defaultRule, routeUnit, unitsOf } from "./gateway.suite.ts";
import { HeldUnits } from "./held-units.ts";

const delta = (
  puts: readonly Unit[],
  removes: readonly string[] = [],
  indexes: SnapshotDelta["indexes"] = [],
): SnapshotDelta => ({
  version: 1,
  puts: puts.map((unit) => ({ unit, hash: "" })),
  removes,
  indexes,
  isLast: true,
});

const route = (name: string) => routeUnit(name, [ANY_HOST], [defaultRule()]);
const data: Unit = { kind: "data", name: "a", value: null };

const told = (units: HeldUnits) => {
  const { kinds, goneRoutes, comeRoutes } = units.takeChanges();
  return { kinds: [...kinds].toSorted(), gone: [...goneRoutes], come: [...comeRoutes] };
};

describe("changes between two builds", () => {
  test("all kinds that came, went or changed, and the routes of both", () => {
    const units = new HeldUnits();
    const [a, b] = [route("a"), route("b")];
    units.take(delta([...unitsOf({ endpoints: [1] }).filter(({ kind }) => kind !== "route"), a, b]));
    assert.deepEqual(told(units), {
      kinds: ["cluster", "endpoints", "listener", "route"],
      gone: [],
      come: [a, b],
    });
    const changed = route("a");
    units.take(delta([changed], ["route:b"]));
    assert.deepEqual(told(units), { kinds: ["route"], gone: [a, b], come: [changed] });
    units.take(delta([data], ["listener:gateway", "route:never-there"]));
    assert.deepEqual(told(units), { kinds: ["data", "listener"], gone: [], come: [] });
    assert.deepEqual(told(units), { kinds: [], gone: [], come: [] });
  });

  test("what came and went in between is told of no build", () => {
    const units = new HeldUnits();
    const [first, second, third] = [route("a"), route("a"), route("a")];
    units.take(delta([first]));
    units.takeChanges();
    units.take(delta([second]));
    units.take(delta([third]));
    assert.deepEqual(told(units), { kinds: ["route"], gone: [first], come: [third] });
    units.take(delta([second, route("b")]));
    units.take(delta([], ["route:a", "route:b"]));
    assert.deepEqual(told(units), { kinds: ["route"], gone: [third], come: [] });
  });

  test("a route that is the very one that was there has neither gone nor come", () => {
    const units = new HeldUnits();
    const [first, second] = [route("a"), route("a")];
    units.take(delta([first]));
    units.takeChanges();
    units.take(delta([first]));
    assert.deepEqual(told(units), { kinds: ["route"], gone: [], come: [] });
    units.take(delta([], ["route:a"]));
    units.take(delta([first]));
    assert.deepEqual(told(units), { kinds: ["route"], gone: [], come: [] });
    units.take(delta([second]));
    units.take(delta([second]));
    assert.deepEqual(told(units), { kinds: ["route"], gone: [first], come: [second] });
  });

  test("a new place of a cluster's counters is a change of clusters", () => {
    const units = new HeldUnits();
    units.take(delta([], [], [["route:a/0", 1]]));
    assert.deepEqual(told(units).kinds, []);
    units.take(delta([], [], [["cluster:a", 1]]));
    const { kinds, keys } = units.takeChanges();
    assert.deepEqual([[...kinds], [...keys]], [["cluster"], ["cluster:a"]]);
  });

  test("clusters and endpoints that came, changed or went are told by their keys", () => {
    const units = new HeldUnits();
    const keys = () => [...units.takeChanges().keys].toSorted();
    units.take(delta([...unitsOf({ endpoints: [1] }), data]));
    assert.deepEqual(keys(), ["cluster:app", "endpoints:app"]);
    assert.deepEqual(keys(), []);
    units.take(delta([], ["cluster:app", "endpoints:app", "cluster:never-there", "route:default/app"]));
    assert.deepEqual(keys(), ["cluster:app", "endpoints:app"]);
  });
});
