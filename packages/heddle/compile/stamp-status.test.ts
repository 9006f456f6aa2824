import assert from "node:assert/strict";
import { test } from "node:test";
import { stampStatus } from "./stamp-status.ts";
import type { GatewayStatus, RouteStatus } from "./status.ts";

const good = { type: "Accepted", status: "True" as const, reason: "Accepted", message: "" };
const bad = { ...good, status: "False" as const, reason: "Invalid", message: "x" };

const timesOf = (value: unknown): string[] =>
  [...JSON.stringify(value).matchAll(/"lastTransitionTime":"(\w+)"/g)].map(([, time]) => time!);

test("a condition keeps its time while its status stays, whatever its reason says", () => {
  const first = stampStatus({ conditions: [good] }, undefined, "t1");
  assert.deepEqual(first, { conditions: [{ ...good, lastTransitionTime: "t1" }] });
  const other = stampStatus({ conditions: [{ ...good, reason: "ListenersNotValid" }] }, first, "t2");
  assert.deepEqual(timesOf(other), ["t1"]);
  assert.deepEqual(timesOf(stampStatus({ conditions: [bad] }, other, "t3")), ["t3"]);
});

test("conditions of listeners and parents are told apart by name and reference, not by place", () => {
  const listener = (name: string, one: typeof good | typeof bad) => ({
    name,
    attachedRoutes: 0,
    supportedKinds: [],
    conditions: [one],
  });
  const gateway = (...listeners: ReturnType<typeof listener>[]): GatewayStatus =>
    ({ conditions: [], addresses: [], listeners }) as GatewayStatus;
  const first = stampStatus(gateway(listener("a", good), listener("b", bad)), undefined, "t1");
  const second = stampStatus(gateway(listener("b", good), listener("a", good)), first, "t2");
  assert.deepEqual(timesOf(second), ["t2", "t1"]);

  const parent = (sectionName: string): RouteStatus["parents"][number] => ({
    parentRef: { group: "g", kind: "Gateway", name: "edge", sectionName },
    controllerName: "c",
    conditions: [good],
  });
  const route = stampStatus({ parents: [parent("a")] }, undefined, "t1");
  const both = stampStatus({ parents: [parent("b"), parent("a")] }, route, "t2");
  assert.deepEqual(timesOf(both), ["t2", "t1"]);
});

test("a stored status of another form is no obstacle", () => {
  for (const previous of [
    null,
    7,
    "x",
    [],
    { conditions: 7 },
    { conditions: [null, { type: "Accepted" }] },
  ]) {
    assert.deepEqual(timesOf(stampStatus({ conditions: [good] }, previous, "t1")), ["t1"]);
  }
});
