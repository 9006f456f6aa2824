import assert from "node:assert/strict";
import { test } from "node:test";
import { ChunkedList } from "@heddle/engine/base";
import { keyOf, validateResource } from "../../resources/index.ts";
import type { SourcedResource } from "../../sources/index.ts";
import { makeCompileOptions } from "./compile-options.ts";
import { rehearse } from "./rehearsal.ts";

const compileOptions = makeCompileOptions({ addressPool: null, controlAddresses: [] });

function sourced(document: object): SourcedResource {
  const resource = validateResource(document).resource!;
  return { key: keyOf(resource), resource, problems: [], origin: { file: "a.yaml", position: () => null! } };
}

const gateway = sourced({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "Gateway",
  metadata: { name: "edge", namespace: "default" },
  spec: { gatewayClassName: "heddle", listeners: [{ name: "http", protocol: "HTTP", port: 8080 }] },
});

const route = (at: number): SourcedResource =>
  sourced({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: `r${at}`, namespace: "default" },
    spec: { parentRefs: [{ name: "edge" }], rules: [{ backendRefs: [{ name: "gone", port: 80 }] }] },
  });

/** How many routes each of the changes leaves, and how many of them are others than before. */
async function play(list: readonly SourcedResource[], rounds: number) {
  const played: string[] = [];
  let before = new Set<unknown>();
  const target = {
    async apply(units: Iterable<{ unit: { kind: string } }>) {
      const routes = [...units].filter(({ unit }) => unit.kind === "route");
      played.push(`${routes.length}, ${routes.filter((one) => !before.has(one)).length} others`);
      before = new Set(routes);
      return { version: 0, changedUnits: 0, listeners: [], durationMs: 0 };
    },
  };
  await rehearse(ChunkedList.of(list), { compileOptions, rounds, target });
  return played;
}

test("changes, leaves out and brings back a route, and leaves what it was given as it was", async () => {
  const list = [gateway, ...Array.from({ length: 80 }, (_, at) => route(at))];
  const before = structuredClone(list.map(({ resource }) => resource));
  assert.deepEqual(await play(list, 4), [
    "80, 80 others",
    "80, 1 others",
    "80, 2 others",
    "79, 1 others",
    "80, 2 others",
  ]);
  assert.deepEqual(
    list.map(({ resource }) => resource),
    before,
  );
});

test("takes a part of thousands of routes, and does nothing where there is none", async () => {
  const many = [gateway, ...Array.from({ length: 1_000 }, (_, at) => route(at))];
  assert.deepEqual(await play(many, 0), ["300, 300 others"]);
  assert.deepEqual(await play([gateway], 4), []);
});
