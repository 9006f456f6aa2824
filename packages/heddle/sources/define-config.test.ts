import assert from "node:assert/strict";
import { test } from "node:test";
import type { ResourceInput } from "../resources/index.ts";
import { defineConfig, type HeddleConfig } from "./define-config.ts";

const services = { catalog: 4102, orders: 4104 };

// What these lines are worth is checked by tsc: no cast, no `as const`, and a mistake is one.
const config = defineConfig({
  routes: { "shop.localhost": "http://127.0.0.1:4101" },
  resources: [
    ...Object.entries(services).map(([name, port]): ResourceInput => ({
      apiVersion: "heddle.dev/v1alpha1",
      kind: "Backend",
      metadata: { name, namespace: "shop" },
      spec: { url: `http://127.0.0.1:${port}` },
    })),
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name: "catalog", namespace: "shop" },
      spec: {
        parentRefs: [{ name: "edge" }],
        rules: [
          {
            matches: [{ path: { type: "PathPrefix", value: "/catalog" } }],
            backendRefs: [{ group: "heddle.dev", kind: "Backend", name: "catalog" }],
          },
        ],
      },
    },
  ],
});

defineConfig({
  // @ts-expect-error a Namespace needs a name
  resources: [{ apiVersion: "v1", kind: "Namespace", metadata: {} }],
});
defineConfig({
  resources: [
    {
      apiVersion: "heddle.dev/v1alpha1",
      kind: "Backend",
      metadata: { name: "misspelt" },
      // @ts-expect-error the field is url
      spec: { ulr: "http://127.0.0.1:1" },
    },
  ],
});

test("gives the configuration back as it is", () => {
  assert.equal((config as HeddleConfig).resources!.length, 3);
  const make = () => ({ routes: {} });
  assert.equal(defineConfig(make), make);
});
