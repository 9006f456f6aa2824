import assert from "node:assert/strict";
import { test } from "node:test";
import { keyOf, type Resource, type Service } from "../../resources/index.ts";
import { Births } from "./births.ts";
import { openMemoryStore } from "../../store/index.ts";
import { GeneratedResources } from "./generated-resources.ts";

const service = (port: number, status: object = {}): Service => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web-heddle", namespace: "default" },
  spec: { type: "LoadBalancer", ports: [{ port, protocol: "TCP" }] },
  status,
});
const key = keyOf(service(1));
const ingress = (ip: string) => ({ loadBalancer: { ingress: [{ ip }] } });

test("what is generated comes, changes with its status, and goes", async () => {
  const store = openMemoryStore();
  const generated = new GeneratedResources(store, new Births());
  await generated.sync([service(80, ingress("127.0.0.2"))]);
  assert.equal(generated.has(key), true);
  await generated.sync([service(81, ingress("127.0.0.3"))]);
  const found = (await store.get(key)) as Service;
  assert.equal(found.spec.ports![0]!.port, 81);
  assert.deepEqual(found.status, ingress("127.0.0.3"));
  await generated.sync([]);
  assert.equal(await store.get(key), undefined);
  assert.equal(generated.has(key), false);
  await store.close();
});

test("the same object again changes nothing", async () => {
  const store = openMemoryStore();
  const generated = new GeneratedResources(store, new Births());
  const one = service(80);
  await generated.sync([one]);
  const { revision } = await store.list();
  await generated.sync([one]);
  assert.equal((await store.list()).revision, revision);
  await store.close();
});

test("a declared resource of the name takes its place, without its status, and stays", async () => {
  const store = openMemoryStore();
  const generated = new GeneratedResources(store, new Births());
  await generated.sync([service(80, ingress("127.0.0.2"))]);
  const { status: _, ...declared } = service(90);
  await generated.giveWay(new Map([[key, declared as Resource]]));
  await store.put(declared as Resource);
  await generated.sync([]);
  const found = (await store.get(key)) as Service;
  assert.equal(found.spec.ports![0]!.port, 90);
  assert.equal(found.status, undefined);
  assert.equal(generated.has(key), false);
  await store.close();
});
