import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { keyOf, validateResource, type Gateway, type HTTPRoute, type Resource } from "../resources/index.ts";
import type { PutResult, Store, Stored, WatchBatch } from "./store.ts";

export interface StoreUnderTest {
  name: string;
  /** Opens an empty store that remembers at least, and not much more than, this many changes. */
  open(historyLimit: number): Promise<Store>;
}

const historyLimit = 8;

/** What every implementation of `Store` has to do. */
export function describeStore({ name, open }: StoreUnderTest): void {
  describe(`${name} store`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open(historyLimit);
    });
    afterEach(() => store.close());

    test("gives back what was put, with revision and generation", async () => {
      const stored = changed(await store.put(route("a")));
      assert.equal(stored.metadata.resourceVersion, "1");
      assert.equal(stored.metadata.generation, 1);
      assert.deepEqual(await store.get(keyOf(stored)), stored);
      assert.equal(await store.get("/Service/default/none"), undefined);
    });

    test("every change takes the next revision, whatever it changes", async () => {
      const key = keyOf(changed(await store.put(route("a"))));
      changed(await store.put(route("b")));
      changed(await store.putStatus(key, { parents: [] }));
      changed(await store.delete(key));
      assert.equal((await store.list()).revision, 4);
    });

    test("a put that changes nothing takes no revision", async () => {
      await store.put(route("a"));
      const again = await store.put(route("a"));
      assert.ok(again.ok && !again.isChanged);
      assert.equal(again.resource.metadata.resourceVersion, "1");
      assert.equal((await store.list()).revision, 1);
    });

    test("generation counts changes of the spec, not of metadata and status", async () => {
      const first = changed(await store.put(route("a")));
      const labelled = { ...route("a"), metadata: { ...route("a").metadata, labels: { x: "y" } } };
      assert.equal(changed(await store.put(labelled)).metadata.generation, 1);
      const status = { parents: [] };
      assert.equal(changed(await store.putStatus(keyOf(first), status)).metadata.generation, 1);
      const respecified = changed(await store.put(route("a", "other.example.com")));
      assert.equal(respecified.metadata.generation, 2);
      assert.equal(respecified.metadata.labels, undefined);
    });

    test("generation counts changes of a kind that has no spec", async () => {
      const map = (value: string) =>
        valid({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "m" }, data: { key: value } });
      changed(await store.put(map("1")));
      assert.equal(changed(await store.put(map("2"))).metadata.generation, 2);
    });

    test("a put leaves the status alone, a status leaves the rest alone", async () => {
      const key = keyOf(changed(await store.put(route("a"))));
      const status = { parents: [] };
      const withStatus = changed(await store.putStatus(key, status));
      assert.deepEqual((withStatus as HTTPRoute).spec, route("a").spec);
      const replaced = changed(await store.put(route("a", "other.example.com")));
      assert.deepEqual((replaced as HTTPRoute).status, status);
    });

    test("the default status of a new resource is kept", async () => {
      const stored = changed(await store.put(gateway("g"))) as Stored<Gateway>;
      assert.equal(stored.status?.conditions[0]?.reason, "Pending");
    });

    test("the same status again takes no revision", async () => {
      const key = keyOf(changed(await store.put(route("a"))));
      changed(await store.putStatus(key, { parents: [] }));
      const again = await store.putStatus(key, { parents: [] });
      assert.ok(again.ok && !again.isChanged);
    });

    test("a creation time is kept where there is one and not made up", async () => {
      assert.equal(changed(await store.put(route("a"))).metadata.creationTimestamp, undefined);
      const creationTimestamp = "2026-01-31T12:00:00Z";
      const dated = { ...route("b"), metadata: { ...route("b").metadata, creationTimestamp } };
      changed(await store.put(dated));
      const undated = changed(await store.put(route("b", "other.example.com")));
      assert.equal(undated.metadata.creationTimestamp, creationTimestamp);
    });

    test("an expected revision that is not the current one is a conflict", async () => {
      const key = keyOf(changed(await store.put(route("a"), { expectedRevision: 0 })));
      const conflict = { ok: false, reason: "conflict", current: 1 } as const;
      assert.deepEqual(await store.put(route("a"), { expectedRevision: 0 }), conflict);
      assert.deepEqual(await store.put(route("a"), { expectedRevision: 7 }), conflict);
      assert.deepEqual(await store.putStatus(key, {}, { expectedRevision: 7 }), conflict);
      assert.deepEqual(await store.delete(key, { expectedRevision: 7 }), conflict);
      assert.deepEqual(await store.put(route("new"), { expectedRevision: 3 }), { ...conflict, current: 0 });
      changed(await store.put(route("a", "other.example.com"), { expectedRevision: 1 }));
      changed(await store.delete(key, { expectedRevision: 2 }));
    });

    test("what does not exist has no status to set and nothing to delete", async () => {
      const missing = { ok: false, reason: "not-found" };
      assert.deepEqual(await store.putStatus("/Service/default/none", {}), missing);
      assert.deepEqual(await store.delete("/Service/default/none"), missing);
    });

    test("a resource made again after its deletion starts over", async () => {
      const key = keyOf(changed(await store.put(route("a"))));
      changed(await store.put(route("a", "other.example.com")));
      changed(await store.delete(key));
      assert.equal(await store.get(key), undefined);
      assert.equal(changed(await store.put(route("a"))).metadata.generation, 1);
    });

    test("lists by kind and namespace, in the order of namespace and name", async () => {
      for (const resource of [route("b"), route("a"), route("c", "x.example.com", "apart"), gateway("a")])
        changed(await store.put(resource));
      const names = async (filter?: Parameters<Store["list"]>[0]) =>
        (await store.list(filter)).items.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
      assert.deepEqual(await names({ kind: "HTTPRoute" }), ["HTTPRoute c", "HTTPRoute a", "HTTPRoute b"]);
      assert.deepEqual(await names({ kind: "HTTPRoute", namespace: "apart" }), ["HTTPRoute c"]);
      assert.deepEqual(await names({ namespace: "default" }), ["Gateway a", "HTTPRoute a", "HTTPRoute b"]);
      assert.deepEqual(await names({ kind: "Secret" }), []);
      assert.equal((await names()).length, 4);
    });

    test("all of it is a list that is the same object, or has the same chunks, where nothing has changed", async () => {
      for (let at = 0; at < 600; at++) changed(await store.put(route(`r-${at}`)));
      const before = await store.listAll();
      assert.equal(await store.listAll(), before);
      assert.deepEqual(before.toArray(), (await store.list()).items);
      changed(await store.put(route("r-300", "other.example.com")));
      const after = await store.listAll();
      assert.deepEqual(after.toArray(), (await store.list()).items);
      assert.equal(after.chunks.filter((chunk) => !before.chunks.includes(chunk)).length, 1);
    });

    test("a watch gives the changes after its revision, in order", async () => {
      const key = keyOf(changed(await store.put(route("a"))));
      const watch = store.watch((await store.list()).revision);
      changed(await store.put(route("b")));
      changed(await store.putStatus(key, { parents: [] }));
      changed(await store.delete(key));
      const batch = events(await watch.next());
      assert.deepEqual(
        batch.map(({ type, revision, key: changedKey }) => [type, revision, changedKey.split("/").at(-1)]),
        [
          ["added", 2, "b"],
          ["modified", 3, "a"],
          ["deleted", 4, "a"],
        ],
      );
      assert.equal(batch[2]!.resource.metadata.resourceVersion, "4");
    });

    test("a watch waits for the next change", async () => {
      const watch = store.watch(0);
      const next = watch.next();
      changed(await store.put(route("a")));
      assert.equal(events(await next).length, 1);
      const later = watch.next();
      changed(await store.put(route("b")));
      assert.deepEqual(
        events(await later).map(({ revision }) => revision),
        [2],
      );
    });

    test("watches read at their own pace", async () => {
      const [slow, fast] = [store.watch(0), store.watch(0)];
      changed(await store.put(route("a")));
      assert.equal(events(await fast.next()).length, 1);
      changed(await store.put(route("b")));
      assert.equal(events(await fast.next()).length, 1);
      assert.equal(events(await slow.next()).length, 2);
    });

    test("a watch within the history gets all of it", async () => {
      for (let count = 0; count < historyLimit; count++) changed(await store.put(route(`r${count}`)));
      assert.equal(events(await store.watch(0).next()).length, historyLimit);
    });

    test("a watch that fell behind the history is told so, and keeps being told", async () => {
      const watch = store.watch(0);
      for (let count = 0; count < historyLimit * 4; count++) changed(await store.put(route(`r${count}`)));
      const batch = await watch.next();
      assert.equal(batch.type, "too-old");
      assert.deepEqual(await watch.next(), batch);
      const { revision } = await store.list();
      changed(await store.put(route("last")));
      assert.equal(events(await store.watch(revision).next()).length, 1);
    });

    test("a watch from a revision that is still to come is told so", async () => {
      assert.equal((await store.watch(5).next()).type, "too-old");
    });

    test("closing a watch or the store ends a wait", async () => {
      const watch = store.watch(0);
      const waiting = watch.next();
      watch.close();
      assert.deepEqual(await waiting, { type: "closed" });
      const other = store.watch(0).next();
      await store.close();
      assert.deepEqual(await other, { type: "closed" });
      const closed = /store is closed/;
      await assert.rejects(store.get("/Service/default/none"), closed);
      await assert.rejects(store.list(), closed);
      await assert.rejects(store.listAll(), closed);
      await assert.rejects(store.put(route("a")), closed);
      await assert.rejects(store.putStatus("/Service/default/none", {}), closed);
      await assert.rejects(store.delete("/Service/default/none"), closed);
      assert.deepEqual(await store.watch(0).next(), { type: "closed" });
    });
  });
}

function changed(result: PutResult): Stored {
  assert.ok(result.ok && result.isChanged, JSON.stringify(result));
  return result.resource;
}

function events(batch: WatchBatch) {
  assert.ok(batch.type === "events", batch.type);
  return batch.events;
}

function valid(document: unknown): Resource {
  const { resource, problems } = validateResource(document);
  assert.deepEqual(problems, []);
  return resource!;
}

function route(name: string, host = "a.example.com", namespace = "default"): HTTPRoute {
  const document = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name, namespace },
    spec: { hostnames: [host] },
  };
  return valid(document) as HTTPRoute;
}

function gateway(name: string): Gateway {
  const document = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { name },
    spec: { gatewayClassName: "heddle", listeners: [{ name: "http", port: 80, protocol: "HTTP" }] },
  };
  return valid(document) as Gateway;
}
