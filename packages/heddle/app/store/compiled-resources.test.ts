import assert from "node:assert/strict";
import { test } from "node:test";
import { runToEnd } from "@heddle/engine/base";
import { keyOf, validateResource } from "../../resources/index.ts";
import { openMemoryStore, type Stored } from "../../store/index.ts";
import { CompiledResources } from "./compiled-resources.ts";

const service = (name: string, port: number) =>
  validateResource({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "shop" },
    spec: { ports: [{ port }] },
  }).resource!;

test("compile goes on seeing what it saw where nothing but a status was written", async () => {
  const store = openMemoryStore();
  const compiled = new CompiledResources();
  const see = async () => runToEnd(compiled.ofAll(await store.listAll())).toArray();
  const writeStatus = async (name: string, status: object) => {
    const key = keyOf(service(name, 80));
    const before = (await store.get(key)) as Stored;
    const result = await store.putStatus(key, status);
    if (result.ok) compiled.wrote(before, result.resource);
  };
  for (const name of ["a", "b", "c"]) await store.put(service(name, 80));
  const first = await see();
  for (const name of ["a", "b", "c"]) await writeStatus(name, { loadBalancer: {} });
  await writeStatus("b", {});
  assert.deepEqual(await see(), first);
  for (const [at, one] of (await see()).entries()) assert.equal(one, first[at]);

  await store.put(service("b", 81));
  const second = await see();
  assert.deepEqual([second[0], second[2]], [first[0], first[2]]);
  assert.notEqual(second[1], first[1]);
  await writeStatus("b", { loadBalancer: {} });
  assert.equal((await see())[1], second[1]);

  await store.delete(keyOf(service("a", 80)));
  const third = await see();
  assert.equal(third[0], second[1]);
  assert.equal(third[1], first[2]);
});

test("chunks are the same where nothing but statuses was written, of one or of all", async () => {
  const store = openMemoryStore();
  const compiled = new CompiledResources();
  const names = Array.from({ length: 600 }, (_, at) => `s${at}`);
  for (const name of names) await store.put(service(name, 80));
  const first = runToEnd(compiled.ofAll(await store.listAll()));
  for (const [round, some] of [names, ["s300"], names].entries()) {
    for (const name of some) {
      const key = keyOf(service(name, 80));
      const before = (await store.get(key)) as Stored;
      const result = await store.putStatus(key, {
        loadBalancer: { ingress: [{ ip: `10.0.0.${round}` }] },
      });
      assert.ok(result.ok && result.isChanged);
      compiled.wrote(before, result.resource);
    }
    const { chunks } = runToEnd(compiled.ofAll(await store.listAll()));
    assert.ok(chunks.every((chunk, at) => chunk === first.chunks[at]));
  }
});
