import assert from "node:assert/strict";
import { test } from "node:test";
import { unitKey } from "../model/index.ts";
import type { StreamRouteUnit, Unit } from "../model/index.ts";
import { MetricsRegistry } from "../observe/index.ts";
import { CounterKeys } from "./counter-keys.ts";
import { ANY_HOST, defaultRule, endpoint, routeUnit } from "./gateway.suite.ts";

const route = (name: string, ...rules: string[]): Unit =>
  routeUnit(
    name,
    [ANY_HOST],
    rules.map((rule) => defaultRule({ name: rule })),
  );

const streamRoute = (name: string, rule: string): Unit =>
  ({ kind: "stream-route", name, rule }) as StreamRouteUnit;

/** Each step's new keys, and all that have a place after it. */
function track() {
  const registry = new MetricsRegistry();
  const keys = new CounterKeys(registry);
  let version = 0;
  return (puts: Unit[], removed: Unit[] = []) => {
    const change = { puts: puts.map((unit) => ({ unit, hash: "" })), removes: removed.map(unitKey) };
    const fresh = keys.change(change, ++version).map(([key]) => key);
    return { fresh, live: registry.indexes().map(([key]) => key) };
  };
}

test("a change gives places to what is new in it, and takes those of what it no longer names", () => {
  const step = track();
  const many = Array.from({ length: 100 }, (_, at) => route(`default/r${at}`, "0"));
  assert.equal(step(many).fresh.length, 100);
  assert.deepEqual(step([route("default/r7", "0", "1")]).fresh, ["route:default/r7/1"]);
  assert.equal(step([], [many[3]]).live.length, 100);
  const { fresh, live } = step([route("default/r7", "1")]);
  assert.deepEqual([fresh, live.length, live.includes("route:default/r7/0")], [[], 99, false]);
});

test("a key that two units have stays until both are gone, and moves from one to the other", () => {
  const step = track();
  const [http, tcp] = [route("default/a", "0"), streamRoute("default/a", "0")];
  assert.deepEqual(step([http, tcp]).fresh, ["route:default/a/0"]);
  assert.equal(step([], [http]).live.length, 1);
  assert.deepEqual(step([http], [tcp]), { fresh: [], live: ["route:default/a/0"] });
  assert.deepEqual(step([], [http]).live, []);
});

test("endpoints that are listed twice count once", () => {
  const step = track();
  const endpoints = (...ports: number[]): Unit => ({
    kind: "endpoints",
    name: "app",
    endpoints: ports.map((port) => endpoint(port)),
  });
  assert.equal(step([endpoints(1, 1, 2)]).fresh.length, 2);
  assert.deepEqual(step([endpoints(2)]).live, ["endpoint:app|127.0.0.1:2"]);
  assert.deepEqual(step([], [endpoints(2)]).live, []);
});
