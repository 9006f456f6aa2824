import assert from "node:assert/strict";
import { test } from "node:test";
import { compile } from "../../compile/index.ts";
import { keyOf, validateResource, type Resource, type ResourceKey } from "../../resources/index.ts";
import { openMemoryStore, type Store, type Stored } from "../../store/index.ts";
import { StatusWriter } from "./status-writer.ts";

const resourceOf = (document: unknown): Resource => validateResource(document).resource!;

const gatewayOf = (gatewayClassName: string): Resource =>
  resourceOf({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { name: "edge" },
    spec: { gatewayClassName, listeners: [{ name: "web", protocol: "HTTP", port: 80 }] },
  });

const classOf = (name: string, controllerName: string): Resource =>
  resourceOf({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "GatewayClass",
    metadata: { name },
    spec: { controllerName },
  });

const ours = classOf("ours", "heddle.dev/gateway-controller");
const theirs = classOf("theirs", "example.com/other");
const key = keyOf(gatewayOf("ours"));

function statusesOf(...resources: Resource[]) {
  return compile({ resources, options: { nowMs: 0 } }).statuses;
}

async function acceptedReason(store: Store, of: ResourceKey = key): Promise<string | undefined> {
  const stored = (await store.get(of)) as Stored & {
    status?: { conditions?: { type: string; reason: string }[] };
  };
  return stored.status?.conditions?.find(({ type }) => type === "Accepted")?.reason;
}

/** A store with the Gateway, and a writer that has written its status. */
async function written() {
  const store = openMemoryStore();
  const writer = new StatusWriter(store);
  for (const one of [ours, theirs, gatewayOf("ours")]) await store.put(one);
  await writer.write(statusesOf(ours, theirs, gatewayOf("ours")), () => {});
  assert.equal(await acceptedReason(store), "Accepted");
  return { store, writer };
}

test("a Gateway whose class changes to another controller's loses the status that Heddle gave it", async () => {
  const { store, writer } = await written();
  await store.put(gatewayOf("theirs"));
  const heard: Stored[] = [];
  await writer.write(statusesOf(ours, theirs, gatewayOf("theirs")), (_, after) => void heard.push(after));
  assert.equal(await acceptedReason(store), "Pending");
  assert.deepEqual(heard, [await store.get(key)]);
  await store.put(gatewayOf("ours"));
  await writer.write(statusesOf(ours, theirs, gatewayOf("ours")), () => {});
  assert.equal(await acceptedReason(store), "Accepted");
});

test("so does a GatewayClass, and all that is of it", async () => {
  const { store, writer } = await written();
  const taken = classOf("ours", "example.com/other");
  await store.put(taken);
  await writer.write(statusesOf(taken, theirs, gatewayOf("ours")), () => {});
  assert.equal(await acceptedReason(store, keyOf(taken)), "Pending");
  assert.equal(await acceptedReason(store), "Pending");
});

test("what its new controller has written stays", async () => {
  const { store, writer } = await written();
  await store.put(gatewayOf("theirs"));
  const status = { conditions: [{ type: "Accepted", status: "True", reason: "ByAnother" }] };
  await store.putStatus(key, status);
  await writer.write(statusesOf(ours, theirs, gatewayOf("theirs")), () => {});
  assert.equal(await acceptedReason(store), "ByAnother");
});

test("what somebody else has written over is written again, and what did not change is let be", async () => {
  const store = openMemoryStore();
  const writer = new StatusWriter(store);
  for (const one of [ours, theirs, gatewayOf("ours")]) await store.put(one);
  const statuses = statusesOf(ours, theirs, gatewayOf("ours"));
  const heard: string[] = [];
  const write = () => writer.write(statuses, (before) => void heard.push(keyOf(before)));
  await write();
  assert.deepEqual(heard.splice(0).sort(), [key, keyOf(ours)].sort());
  await write();
  await write();
  assert.deepEqual(heard, []);
  await store.putStatus(key, { conditions: [] });
  await write();
  assert.deepEqual(heard.splice(0), [key]);
  assert.equal(await acceptedReason(store), "Accepted");
});

test("a resource that went and came back has its status again", async () => {
  const { store, writer } = await written();
  const statuses = statusesOf(ours, theirs, gatewayOf("ours"));
  await writer.write(statuses, () => {});
  await store.delete(key);
  await writer.write(statuses, () => {});
  await store.put(gatewayOf("ours"));
  await writer.write(statuses, () => {});
  assert.equal(await acceptedReason(store), "Accepted");
});
