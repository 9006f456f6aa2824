import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import type { HashedUnit } from "../../compile/index.ts";
import type { ResourceKey } from "../../resources/index.ts";
import { FileSource } from "../../sources/index.ts";
import { openMemoryStore, type Store } from "../../store/index.ts";
import { Configuration } from "./configuration.ts";
import { makeCompileOptions } from "./compile-options.ts";

const gatewayApi = "gateway.networking.k8s.io/v1";

const base = [
  {
    apiVersion: gatewayApi,
    kind: "Gateway",
    metadata: { name: "edge" },
    spec: { gatewayClassName: "heddle", listeners: [{ name: "http", protocol: "HTTP", port: 8080 }] },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web" },
    spec: { ports: [{ port: 80 }] },
  },
];

const route = (at: number, value = `/r${at}`) => ({
  apiVersion: gatewayApi,
  kind: "HTTPRoute",
  metadata: { name: `r${at}` },
  spec: {
    parentRefs: [{ name: "edge" }],
    rules: [{ matches: [{ path: { type: "PathPrefix", value } }], backendRefs: [{ name: "web", port: 80 }] }],
  },
});

const keyOf = (at: number): ResourceKey => `gateway.networking.k8s.io/HTTPRoute/default/r${at}`;

/** A configuration of one JSON file, whose writes to the store are counted. */
async function under(work: (loop: Awaited<ReturnType<typeof openLoop>>) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "heddle-configuration-"));
  try {
    await work(await openLoop(path.join(folder, "routes.json")));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function openLoop(file: string) {
  const memory = openMemoryStore();
  const writes: string[] = [];
  const store: Store = {
    get: (key) => memory.get(key),
    list: memory.list.bind(memory),
    listAll: () => memory.listAll(),
    watch: (revision) => memory.watch(revision),
    close: () => memory.close(),
    delete: (key, options) => memory.delete(key, options),
    put(resource, options) {
      writes.push(`put ${resource.metadata.name}`);
      return memory.put(resource, options);
    },
    putStatus(key, status, options) {
      // That of the class is made at each run, the one of its kind.
      if (!key.includes("/GatewayClass/")) writes.push(`status ${key.split("/").at(-1)}`);
      return memory.putStatus(key, status, options);
    },
  };
  let last = new Set<HashedUnit>();
  let fresh: readonly HashedUnit[] = [];
  const configuration = new Configuration({
    store,
    target: {
      async apply(units) {
        fresh = units.toArray().filter((one) => !last.has(one));
        last = new Set(units);
        return { version: 1, changedUnits: fresh.length, listeners: [], durationMs: 0 };
      },
    },
    compileOptions: makeCompileOptions({ addressPool: null, controlAddresses: [] }),
  });
  const source = new FileSource({ paths: [file], routePort: 0 });
  return {
    store: memory,
    /** What it takes to put these resources in force: writes to the store and units that are made. */
    async apply(resources: readonly unknown[]) {
      writes.length = 0;
      writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: resources }));
      const { problems } = await configuration.apply(await source.read());
      assert.deepEqual(problems, []);
      return { writes: [...writes], units: fresh.map(({ unit }) => `${unit.kind} ${unit.name}`) };
    },
  };
}

test("a change of one route of 200 writes one resource and one status, and makes one unit", () =>
  under(async ({ apply, store }) => {
    const routes = Array.from({ length: 200 }, (_, at) => route(at));
    const first = await apply([...base, ...routes]);
    assert.equal(first.units.length, 203);
    const changed = [...base, ...routes.with(7, route(7, "/changed"))];
    assert.deepEqual(await apply(changed), { writes: ["put r7", "status r7"], units: ["route default/r7"] });
    const { metadata, ...rest } = (await store.get(keyOf(7)))!;
    const { parents } = (
      rest as unknown as { status: { parents: { conditions: { observedGeneration: number }[] }[] } }
    ).status;
    assert.deepEqual([metadata.generation, parents[0]!.conditions[0]!.observedGeneration], [2, 2]);
    assert.deepEqual(await apply([...changed].reverse()), { writes: [], units: [] });
  }));

test("a route that comes new writes its own status and that of its Gateway, which counts it", () =>
  under(async ({ apply }) => {
    const routes = Array.from({ length: 20 }, (_, at) => route(at));
    await apply([...base, ...routes]);
    assert.deepEqual(await apply([...base, ...routes, route(20)]), {
      writes: ["put r20", "status r20", "status edge"],
      units: ["route default/r20"],
    });
  }));

test("a status that somebody else has written is written anew", () =>
  under(async ({ apply, store }) => {
    const resources = [...base, route(1), route(2)];
    await apply(resources);
    const before = (await store.get(keyOf(1))) as unknown as { status: object };
    await store.putStatus(keyOf(1), { parents: [] });
    const { writes } = await apply([...resources, route(3)]);
    assert.deepEqual(writes.sort(), ["put r3", "status edge", "status r1", "status r3"]);
    const after = (await store.get(keyOf(1))) as unknown as { status: object };
    assert.equal(
      JSON.stringify(after.status).replace(/"lastTransitionTime":"[^"]*"/g, ""),
      JSON.stringify(before.status).replace(/"lastTransitionTime":"[^"]*"/g, ""),
    );
  }));
