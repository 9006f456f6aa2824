import assert from "node:assert/strict";
import { test } from "node:test";
import { keyOf, validateResource, type Resource, type ResourceKey } from "../../resources/index.ts";
import { Births } from "./births.ts";
import { openMemoryStore } from "../../store/index.ts";
import { StoreSync } from "./sync-store.ts";

const namespace = (name: string, labels: Record<string, string> = {}): Resource =>
  validateResource({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } }).resource!;

const wanted = (...resources: Resource[]) =>
  new Map<ResourceKey, Resource>(resources.map((resource) => [keyOf(resource), resource]));

test("puts what is new or changed, deletes what left, and leaves alone what others put", async () => {
  const store = openMemoryStore();
  const sync = new StoreSync(store, new Births());
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

test("a resource keeps its uid while it stays, and its own where it has one; the next of its name has another", async () => {
  const store = openMemoryStore();
  const sync = new StoreSync(store, new Births());
  const uidOf = async (): Promise<string | undefined> =>
    (await store.get(keyOf(namespace("a"))))?.metadata.uid;
  await sync.sync(wanted(namespace("a")), new Set());
  const first = await uidOf();
  assert.match(first!, /^[0-9a-f-]{36}$/);
  await sync.sync(wanted(namespace("a", { x: "y" })), new Set());
  assert.equal(await uidOf(), first);
  await sync.sync(wanted(), new Set());
  await sync.sync(wanted(namespace("a")), new Set());
  assert.notEqual(await uidOf(), first);
  const own = namespace("a", { x: "z" });
  await sync.sync(wanted({ ...own, metadata: { ...own.metadata, uid: "mine" } } as Resource), new Set());
  assert.equal(await uidOf(), "mine");
});

test("what is kept while it is invalid goes when it leaves the sources", async () => {
  const store = openMemoryStore();
  const sync = new StoreSync(store, new Births());
  const a = namespace("a");
  await sync.sync(wanted(a), new Set());
  await sync.sync(wanted(), new Set([keyOf(a)]));
  assert.notEqual(await store.get(keyOf(a)), undefined);
  await sync.sync(wanted(), new Set());
  assert.equal(await store.get(keyOf(a)), undefined);
});

test("of what is said to have changed alone something is looked at", async () => {
  const store = openMemoryStore();
  const sync = new StoreSync(store, new Births());
  const [a, b, c] = [namespace("a"), namespace("b"), namespace("c")];
  await sync.sync(wanted(a, b, c), new Set());
  const other = namespace("a", { x: "y" });
  assert.equal(await sync.sync(wanted(other), new Set(), new Set([keyOf(a), keyOf(b)])), 2);
  const { items } = await store.list();
  assert.deepEqual(
    items.map(({ metadata }) => [metadata.name, metadata.labels]),
    [
      ["a", { x: "y" }],
      ["c", {}],
    ],
  );
});
