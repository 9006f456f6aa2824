import { ChunkedList } from "@heddle/engine/base";
import assert from "node:assert/strict";
import { test } from "node:test";
import { keyOf, validateResource, type Resource } from "../../resources/index.ts";
import { Facts, readGrants } from "./facts.ts";

const make = (kind: string, apiVersion: string, name: string, spec?: object): Resource =>
  validateResource({ apiVersion, kind, metadata: { name, namespace: "shop" }, spec }).resource!;
const service = (name: string) => make("Service", "v1", name, { ports: [{ port: 80 }] });
const grant = (name: string) =>
  make("ReferenceGrant", "gateway.networking.k8s.io/v1beta1", name, {
    from: [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: "x" }],
    to: [{ group: "", kind: "Service" }],
  });

function take(facts: Facts, resources: readonly Resource[]): void {
  for (const _ of facts.take(ChunkedList.of(resources)));
}

test("each run sees its own resources, and of those of one key the first", () => {
  const facts = new Facts();
  const [a, b, c, changed] = [service("a"), service("b"), service("c"), service("b")];
  const runs = [[a, b, c], [a, changed, c], [a, c], [c, a], [a, b, changed], [b], [a, changed, b], []];
  for (const resources of runs) {
    take(facts, resources);
    const fresh = new Facts();
    take(fresh, resources);
    for (const one of [a, b, c]) assert.equal(facts.read(keyOf(one)), fresh.read(keyOf(one)));
    assert.deepEqual(new Set(facts.ofKind("Service")), new Set(fresh.ofKind("Service")));
  }
});

test("what a run sets is gone with the next", () => {
  const facts = new Facts();
  take(facts, [service("a")]);
  const cell = facts.cell("~own");
  facts.set("~own", 1);
  assert.equal(cell.value, 1);
  take(facts, [service("b")]);
  assert.equal(cell.value, undefined);
  facts.set("~own", 2);
  assert.equal(cell.value, 2);
});

test("a list stays the same object while its items do", () => {
  const facts = new Facts();
  const [one, two] = [grant("one"), grant("two")];
  take(facts, [one, two]);
  const list = readGrants(facts, "shop");
  assert.deepEqual(list, [one, two]);
  take(facts, [one, service("a"), two]);
  assert.equal(readGrants(facts, "shop"), list);
  take(facts, [one, ...Array.from({ length: 600 }, (_, at) => service(`s${at}`)), two]);
  assert.equal(readGrants(facts, "shop"), list);
  take(facts, [one]);
  assert.deepEqual(readGrants(facts, "shop"), [one]);
  take(facts, []);
  assert.deepEqual(readGrants(facts, "shop"), []);
});

test("names that stand for nothing are given up, those that a result has read are not", () => {
  const facts = new Facts();
  take(facts, [service("a")]);
  facts.trim([]);
  const read = facts.cell("~read");
  for (let at = 0; at < 11_000; at++) facts.cell(`~gone/${at}`);
  facts.trim([[read]]);
  facts.set("~read", 1);
  assert.equal(read.value, 1);
  assert.notEqual(facts.read(keyOf(service("a"))), undefined);
  const dropped = facts.cell("~gone/0");
  facts.trim([[dropped]]);
  assert.equal(facts.cell("~gone/0"), dropped);
});

test("a run knows whether all that was read is as it was in the last one, at every point of it", () => {
  const facts = new Facts();
  const [a, b] = [service("a"), service("b")];
  const run = (resources: readonly Resource[], value: unknown, isLast = true): boolean[] => {
    take(facts, resources);
    const before = facts.isAsBefore;
    if (value !== undefined) facts.set("~own", value);
    if (isLast) facts.end();
    return [before, facts.isAsBefore];
  };
  run([a], 1);
  facts.cell("~own").isRead = true;
  facts.cell(keyOf(a)).isRead = true;
  assert.deepEqual(run([a], 1), [false, true]);
  assert.deepEqual(run([a, b], 1), [false, true]);
  assert.deepEqual(run([a], 2), [false, false]);
  assert.deepEqual(run([a], undefined), [false, false]);
  assert.deepEqual(run([a], undefined), [true, true]);
  assert.deepEqual(run([a], 1), [true, false]);
  assert.deepEqual(run([service("a")], 1), [false, false]);
  assert.deepEqual(run([a], 1, false), [false, false]);
  assert.deepEqual(run([a], 1), [false, false]);
  assert.deepEqual(run([a], 1), [false, true]);
});
