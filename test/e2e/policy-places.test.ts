import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { connectRaw, startHeddle, type RunningHeddle } from "@heddle/testkit";
import { backend, route } from "./hostile/setup/resources.ts";
import { OK, openUpstream } from "./hostile/setup/upstream.ts";

const BUSY = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy";
const launcher = path.resolve(import.meta.dirname, "../../packages/heddle/bin/heddle.js");

async function explain(heddle: RunningHeddle<string>, ...args: string[]): Promise<string> {
  const command = [launcher, "explain", ...args, "-f", heddle.configFolder];
  return (await promisify(execFile)(process.execPath, command)).stdout;
}

const policy = (name: string, target: string, spec: string): string => `---
apiVersion: heddle.dev/v1alpha1
kind: TrafficPolicy
metadata: { name: ${name} }
spec: { targetRefs: [${target}], ${spec} }
`;

const toBackend = (name: string): string => `{ group: heddle.dev, kind: Backend, name: ${name} }`;

test("timeouts and retries of a Backend hold for each route that leads there, before what the Gateway says", async () => {
  await using slow = await openUpstream(() => undefined);
  let answers = 0;
  await using busy = await openUpstream(() => (answers++ % 2 === 0 ? BUSY : OK));
  await using heddle = await startHeddle({
    files: ({ http }) => ({
      "site.yaml":
        `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: heddle
  listeners: [{ name: main, protocol: HTTP, port: ${http} }]
` +
        backend("slow", slow.port) +
        backend("busy", busy.port) +
        route({ name: "slow", backend: "slow", matches: ["{ path: { value: /slow } }"] }) +
        route({ name: "own", backend: "slow", matches: ["{ path: { value: /own } }"] }) +
        route({ name: "busy", backend: "busy", matches: ["{ path: { value: /busy } }"] }) +
        policy("edge", "{ kind: Gateway, name: edge }", "timeouts: { request: 1m }") +
        policy("slow", toBackend("slow"), "timeouts: { request: 300ms }") +
        policy("own", "{ kind: HTTPRoute, name: own }", "timeouts: { request: 100ms }") +
        policy("busy", toBackend("busy"), "retry: { codes: [503], attempts: 1, backoff: 1ms }"),
    }),
  });
  const ask = async (target: string): Promise<{ status: number; text: string }> => {
    const answer = await fetch(`${heddle.urls.http}${target}`);
    return { status: answer.status, text: await answer.text() };
  };
  const from = performance.now();
  const timedOut = await ask("/slow");
  const slowMs = performance.now() - from;
  assert.equal(timedOut.status, 504);
  assert.match(timedOut.text, /HDL_ROUTE_TIMEOUT/);
  assert.ok(slowMs > 250 && slowMs < 30_000, `${slowMs} ms: the backend's limit, not the Gateway's`);
  assert.equal((await ask("/own")).status, 504);
  assert.deepEqual(await ask("/busy"), { status: 200, text: "ok" });
  assert.equal(busy.requests.length, 2);
  const own = await explain(heddle, "GET", `${heddle.urls.http}/own`);
  assert.match(own, /timeout of the request: 100 ms/);
  assert.doesNotMatch(own, /300 ?ms/);
  const text = await explain(heddle, "GET", `${heddle.urls.http}/slow`);
  assert.match(text, /timeout of the request: 60000 ms/);
  assert.match(text, /backend backend\/default\/slow, 100 %\n +timeout of the request: 300 ms\n/);
  assert.match(text, /timeouts\.request: 300ms, by TrafficPolicy default\/slow on Backend default\/slow\n/);
});

test("a TCPRoute has its own idle time, and a ListenerSet its own for what comes by it", async () => {
  await using upstream = await openUpstream(() => undefined);
  await using heddle = await startHeddle({
    ports: ["own", "set"],
    files: ({ own, set }) => ({
      "site.yaml":
        `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: heddle
  allowedListeners: { namespaces: { from: Same } }
  listeners: [{ name: tcp, protocol: TCP, port: ${own} }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: { name: more }
spec:
  parentRef: { name: edge }
  listeners: [{ name: tcp, protocol: TCP, port: ${set} }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: { name: own }
spec:
  parentRefs: [{ name: edge }]
  rules: [{ backendRefs: [{ group: heddle.dev, kind: Backend, name: up }] }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: { name: set }
spec:
  parentRefs: [{ kind: ListenerSet, name: more }]
  rules: [{ backendRefs: [{ group: heddle.dev, kind: Backend, name: up }] }]
` +
        backend("up", upstream.port) +
        policy("edge", "{ kind: Gateway, name: edge }", "timeouts: { sessionIdle: 1h }") +
        policy("more", "{ kind: ListenerSet, name: more }", "timeouts: { sessionIdle: 500ms }") +
        policy("own", "{ kind: TCPRoute, name: own }", "timeouts: { sessionIdle: 300ms }"),
    }),
  });
  const byRoute = await connectRaw(heddle.ports.own);
  const bySet = await connectRaw(heddle.ports.set);
  const from = performance.now();
  assert.equal(await byRoute.closed, "reset");
  assert.equal(await bySet.closed, "reset");
  assert.ok(performance.now() - from < 60_000, "long before the hour of the Gateway");
  const text = await explain(heddle, `tcp://127.0.0.1:${heddle.ports.set}`);
  assert.match(text, /ends after 500 ms without an octet either way\n/);
  assert.match(
    text,
    /timeouts\.sessionIdle: 500ms, by TrafficPolicy default\/more on ListenerSet default\/more\n/,
  );
});

test("what a Gateway's rules deny no route opens, and a route that only denies opens nothing", async () => {
  await using upstream = await openUpstream(() => OK);
  const access = (name: string, target: string, rules: string): string => `---
apiVersion: heddle.dev/v1alpha1
kind: AccessPolicy
metadata: { name: ${name} }
spec: { targetRefs: [${target}], authorization: { ${rules} } }
`;
  const has = (name: string): string => `headers: [{ name: ${name} }]`;
  await using heddle = await startHeddle({
    files: ({ http }) => ({
      "site.yaml":
        `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: heddle
  listeners: [{ name: main, protocol: HTTP, port: ${http} }]
` +
        backend("up", upstream.port) +
        ["plain", "denies", "opens", "dry"]
          .map((name) => route({ name, backend: "up", matches: [`{ path: { value: /${name} } }`] }))
          .join("") +
        access(
          "edge",
          "{ kind: Gateway, name: edge }",
          `rules: [{ action: Deny, ${has("X-Bad")} }, { action: Allow, ${has("X-Staff")} }]`,
        ) +
        access(
          "denies",
          "{ kind: HTTPRoute, name: denies }",
          `rules: [{ action: Deny, methods: [DELETE] }]`,
        ) +
        access("opens", "{ kind: HTTPRoute, name: opens }", `rules: [{ action: Allow }]`) +
        access("dry", "{ kind: HTTPRoute, name: dry }", `mode: DryRun, rules: [{ action: Allow }]`),
    }),
  });
  const ask = async (target: string, headers: Record<string, string>, method = "GET"): Promise<number> => {
    const answer = await fetch(`${heddle.urls.http}${target}`, { method, headers });
    await answer.arrayBuffer();
    return answer.status;
  };
  const staff = { "x-staff": "1" };
  const table: readonly (readonly [string, Record<string, string>, number])[] = [
    ["/plain", {}, 403],
    ["/plain", staff, 200],
    ["/denies", {}, 403],
    ["/denies", staff, 200],
    ["/opens", {}, 200],
    ["/opens", { "x-bad": "1" }, 403],
    ["/opens", { ...staff, "x-bad": "1" }, 403],
    ["/dry", {}, 403],
    ["/dry", staff, 200],
  ];
  for (const [target, headers, status] of table)
    assert.equal(await ask(target, headers), status, `${target} ${JSON.stringify(headers)}`);
  assert.equal(await ask("/denies", staff, "DELETE"), 403);
});
