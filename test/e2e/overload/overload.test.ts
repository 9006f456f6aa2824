import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { test } from "node:test";
import { findFreePorts, openEchoServer, startHeddle } from "@heddle/testkit";
import { closedHttp2Load, closedLoad, measurePeak, openLoad, percentile } from "./open-load.ts";
import type { LoadOutcome } from "./open-load.ts";

const SERVERS = 4;
const WORK_MS = 20;

const configuration = (
  port: number,
  service: number,
  extra: string,
) => `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: heddle
  infrastructure: { parametersRef: { group: heddle.dev, kind: GatewaySettings, name: edge } }
  listeners: [{ name: http, protocol: HTTP, port: ${port} }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: web }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - name: health
      matches: [{ path: { value: /healthz } }]
      backendRefs: [{ group: heddle.dev, kind: Backend, name: web }]
    - name: all
      backendRefs: [{ group: heddle.dev, kind: Backend, name: web }]
---
apiVersion: heddle.dev/v1alpha1
kind: Backend
metadata: { name: web }
spec: { endpoints: [{ address: 127.0.0.1, port: ${service} }] }
---
${extra}`;

const adaptive = `apiVersion: heddle.dev/v1alpha1
kind: GatewaySettings
metadata: { name: edge }
spec: { overload: { targetDelay: 0s } }
---
apiVersion: heddle.dev/v1alpha1
kind: TrafficPolicy
metadata: { name: web }
spec:
  targetRefs: [{ kind: Backend, name: web }]
  adaptiveConcurrency: {}
`;

test("a service asked for three times what it can do goes on doing what it can, in good time", async (t) => {
  const [servicePort = 0] = await findFreePorts(1);
  const program = path.join(import.meta.dirname, "service.ts");
  const args = [program, String(servicePort), String(SERVERS), String(WORK_MS)];
  const service = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => service.kill("SIGKILL"));
  await once(service.stdout, "data");
  await using heddle = await startHeddle({
    files: ({ http }) => ({ "web.yaml": configuration(http, servicePort, adaptive) }),
    args: ["--workers", "1"],
    readyTimeoutMs: 120_000,
  });
  const measure = () => measurePeak(`http://127.0.0.1:${servicePort}`, SERVERS * 2, 3_000);
  let before = await measure();
  await openLoad(heddle.urls.http, 3 * before, 2_000);
  const seconds = 6;
  // What else the machine does looks like a slow service for a while: it is given more than one try.
  for (let tries = 1; ; tries++) {
    const { served, refused, other } = await openLoad(heddle.urls.http, 3 * before, seconds * 1_000);
    const after = await measure();
    const goodput = served.length / seconds / Math.min(before, after);
    const p99Ms = percentile(served, 0.99);
    t.diagnostic(
      `peak ${before}/s and ${after}/s, goodput ${goodput}, p99 ${p99Ms} ms, ${refused.length} refused`,
    );
    assert.deepEqual(other, []);
    assert.deepEqual(
      refused.filter((body) => !body.includes("HDL_CONCURRENCY_LIMIT")),
      [],
    );
    // Without a limit the last ones would wait for 16 s.
    if (goodput > 0.9 && p99Ms < 2_000) break;
    assert.ok(tries < 5, `goodput ${goodput} of the peak, p99 ${p99Ms} ms`);
    before = after;
  }
  const metrics = await (await fetch(`${heddle.api}/metrics`)).text();
  const limit = /^heddle_upstream_concurrency_limit\{service="backend\/default\/web"\} (\d+)$/m.exec(
    metrics,
  )?.[1];
  assert.ok(Number(limit) >= 3 && Number(limit) < 100, `limit ${limit}`);
});

/** A filter that keeps the worker busy: what is too much does not depend on how fast this machine is. */
const dear = (ms: number): string => `import { defineFilter } from "@heddle/filters/define";
export default defineFilter({
  name: "dear",
  schema: { type: "object" },
  create: () => ({
    requestHead() {
      for (const untilMs = performance.now() + ${ms}; performance.now() < untilMs; );
    },
  }),
});
`;

/** Nothing but the worker itself is to be full. */
const shedding = `apiVersion: heddle.dev/v1alpha1
kind: GatewaySettings
metadata: { name: edge }
spec:
  overload: { targetDelay: 20ms, priorityHeader: x-priority, trustedSources: [127.0.0.0/8] }
  upstream: { maxConnectionsPerEndpoint: 10000 }
---
apiVersion: heddle.dev/v1alpha1
kind: Filter
metadata: { name: dear }
spec: { module: ./dear.ts }
---
apiVersion: heddle.dev/v1alpha1
kind: FilterPolicy
metadata: { name: dear }
spec:
  targetRefs: [{ kind: Gateway, name: edge }]
  filters: [{ name: dear }]
---
apiVersion: heddle.dev/v1alpha1
kind: TrafficPolicy
metadata: { name: health }
spec:
  targetRefs: [{ kind: HTTPRoute, name: web, sectionName: health }]
  priority: Critical
---
apiVersion: heddle.dev/v1alpha1
kind: TrafficPolicy
metadata: { name: web }
spec:
  targetRefs: [{ kind: HTTPRoute, name: web }]
  priority: Low
`;

test("a worker that is late refuses low priority first, says so, and serves what is critical", async (t) => {
  await using service = await openEchoServer();
  await using heddle = await startHeddle({
    files: ({ http }) => ({ "web.yaml": configuration(http, service.port, shedding), "dear.ts": dear(5) }),
    args: ["--workers", "1"],
    readyTimeoutMs: 120_000,
  });
  const statuses: number[] = [];
  const over = new AbortController();
  const checks = (async () => {
    while (!over.signal.aborted) {
      for (const url of [`${heddle.urls.http}/healthz`, `${heddle.urls.http}/other`]) {
        const response = await fetch(url, {
          headers: url.endsWith("other") ? { "x-priority": "critical" } : {},
        });
        await response.arrayBuffer();
        statuses.push(response.status);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  let refused: string[] = [];
  let other: number[] = [];
  for (let round = 0; round < 10 && refused.length === 0; round++) {
    // Twice what a thread can do.
    ({ refused, other } = await openLoad(heddle.urls.http, 400, 1_000));
    assert.deepEqual(other, []);
  }
  over.abort();
  await checks;
  t.diagnostic(`${refused.length} refused, ${statuses.length} critical served`);
  assert.ok(refused.length > 0);
  assert.deepEqual(
    refused.filter((body) => !body.includes("HDL_OVERLOADED")),
    [],
  );
  assert.deepEqual(new Set(statuses), new Set([200]));
  const metrics = await (await fetch(`${heddle.api}/metrics`)).text();
  const shed = (priority: string): number =>
    Number(
      new RegExp(`^heddle_load_shed_total\\{priority="${priority}"\\} (\\d+)$`, "m").exec(metrics)?.[1] ?? 0,
    );
  assert.ok(shed("low") > 0);
  assert.equal(shed("critical"), 0);
});

const CLIENTS = 1_500;
const loads: Record<string, (url: string, durationMs: number) => Promise<LoadOutcome>> = {
  "on a connection each": (url, durationMs) => closedLoad(url, CLIENTS, durationMs),
  "on streams of a few connections": (url, durationMs) => closedHttp2Load(url, CLIENTS / 60, 60, durationMs),
};
for (const [where, load] of Object.entries(loads)) {
  test(`dear requests of many clients ${where} do not wait for all the others`, async (t) => {
    await using service = await openEchoServer();
    await using heddle = await startHeddle({
      files: ({ http }) => ({ "web.yaml": configuration(http, service.port, shedding), "dear.ts": dear(2) }),
      args: ["--workers", "1"],
      readyTimeoutMs: 120_000,
    });
    for (let round = 0; round < 10; round++)
      if ((await load(heddle.urls.http, 2_000)).refused.length > 0) break;
    // What else the machine does can hold some connections up for seconds: it is given more than one try.
    for (let tries = 1; ; tries++) {
      const startMs = performance.now();
      const { served, refused, other } = await load(heddle.urls.http, 6_000);
      const tookMs = performance.now() - startMs;
      // As long as each would take if all were served in turn, at the speed of those that were.
      const queueMs = (CLIENTS / served.length) * tookMs;
      const p99Ms = percentile(served, 0.99);
      t.diagnostic(
        `${served.length} served in ${tookMs} ms, p90 ${percentile(served, 0.9)}, p99 ${p99Ms}, longest ` +
          `${percentile(served, 1)} of ${queueMs} ms; ${refused.length} refused`,
      );
      assert.deepEqual(other, []);
      assert.ok(refused.length > 0);
      assert.deepEqual(
        refused.filter((body) => !body.includes("HDL_OVERLOADED")),
        [],
      );
      if (p99Ms < queueMs / 2) break;
      assert.ok(tries < 3, `p99 ${p99Ms} ms, all in turn ${queueMs} ms`);
    }
  });
}
