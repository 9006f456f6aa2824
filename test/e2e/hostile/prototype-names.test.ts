import assert from "node:assert/strict";
import { test } from "node:test";
import { connectRaw, startHeddle } from "@heddle/testkit";
import { backend, gateway, route } from "./setup/resources.ts";
import { openUpstream } from "./setup/upstream.ts";

const NAMES = ["__proto__", "constructor", "prototype"];

/** A document whose every level has members of these names. */
const polluting = (name: string, upstreamPort: number) => `---
apiVersion: heddle.dev/v1alpha1
kind: Backend
metadata:
  name: ${name.replaceAll("_", "")}-backend
  labels: { ${name}: polluted }
  annotations: { ${name}: polluted }
spec: { url: "http://127.0.0.1:${upstreamPort}" }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: ${name.replaceAll("_", "")}-map }
data: { ${name}: polluted }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name.replaceAll("_", "")}-route }
${name}: { weight: 0, backendRefs: [], polluted: true }
spec:
  ${name}: { hostnames: [polluted.test], polluted: true }
  hostnames: [other.test]
  parentRefs: [{ name: edge, ${name}: { sectionName: polluted } }]
  rules: [{ ${name}: { polluted: true } }]
`;

test("names of Object's prototype in configuration change nothing but themselves (threats 23)", async () => {
  await using upstream = await openUpstream();
  await using heddle = await startHeddle({
    files: ({ http }) => ({
      "a.yaml": NAMES.map((name) => polluting(name, upstream.port)).join(""),
      "b.json": `{ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "json", "__proto__": { "polluted": true } },
        "__proto__": { "polluted": true }, "data": { "__proto__": "polluted" } }`,
      "site.yaml":
        gateway({ port: http }) +
        backend("up", upstream.port) +
        route({
          name: "query",
          backend: "up",
          matches: NAMES.map(
            (name) => `{ path: { value: "/q" }, queryParams: [{ name: ${name}, value: "yes" }] }`,
          ),
        }),
    }),
    args: ["--workers", "1"],
  });
  const status = async (target: string) => {
    await using client = await connectRaw(heddle.ports.http);
    client.send(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
    return Number((await client.receiveUntil("\r\n\r\n")).slice(9, 12));
  };
  for (const name of NAMES) {
    assert.equal(await status(`/q?${name}=yes`), 200, name);
    assert.equal(await status(`/q?${name}=no`), 404, name);
  }
  assert.equal(await status("/q"), 404, "a parameter that is not there has no inherited value");
  assert.equal(await status("/q?toString=yes"), 404);
  const fresh = await fetch(`${heddle.api}/api/v1/namespaces/default`);
  assert.ok(!(await fresh.text()).includes("polluted"), "another resource has inherited nothing");
});
