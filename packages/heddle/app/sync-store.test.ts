import assert from "node:assert/strict";
import { test } from "node:test";
import { keyOf, validateResource, type Resource, type ResourceKey } from "../resources/index.ts";
import { openMemoryStore } from "../store/index.ts";
import { StoreSync } from "./sync-store.ts";

const namespace = (name: string, labels: Record<string, string> = {}): Resource =>
  validateResource({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } }).resource!;

const wanted = (...resources: Resource[]) =>
  new Map<ResourceKey, Resource>(resources.map((resource) => [keyOf(resource), resource]));

test("puts what is new or changed, deletes what left, and leaves alone what others put", async () => {
  const store = openMemoryStore();
  const sync = new StoreSync(store);
  const names = async () => (await store.list()).items.map(({ metadata }) => metadata.name);
  await store.put(namespace("of-others"));
  const [a, b] = [namespace("a"), namespace("b")];
  assert.equal(await sync.sync(wanted(a, b), new Set()), 2);
  const { revision } = await store.list();
  assert.equal(await sync.sync(wanted(a, b), new Set()), 0);
  assert.equal((await store.list()).revision, revision);
  assert.equal(await sync.sync(wanted(namespace("a", { x: "y" })), new Set()), 2);
  assert.deepEqual(await names(), ["a", "of-others"]);
});

test("what is kept while it is invalid goes when it leaves the sources", async () => {
  const store = openMemoryStore();
  const sync = new StoreSync(store);
  const a = namespace("a");
  await sync.sync(wanted(a), new Set());
  await sync.sync(wanted(), new Set([keyOf(a)]));
  assert.notEqual(await store.get(keyOf(a)), undefined);
  await sync.sync(wanted(), new Set());
  assert.equal(await store.get(keyOf(a)), undefined);
});
