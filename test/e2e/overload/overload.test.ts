import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { test } from "node:test";
import { findFreePorts, openEchoServer, startHeddle } from "@heddle/testkit";
import { measurePeak, openLoad, percentile } from "./open-load.ts";

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
  });
  const peak = await measurePeak(`http://127.0.0.1:${servicePort}`, SERVERS * 2, 4_000);
  await openLoad(heddle.urls.http, 3 * peak, 2_000);
  const seconds = 6;
  const { served, refused, other } = await openLoad(heddle.urls.http, 3 * peak, seconds * 1_000);
  const goodput = served.length / seconds / peak;
  t.diagnostic(
    `peak ${peak}/s, goodput ${goodput}, p99 ${percentile(served, 0.99)} ms, ${refused.length} refused`,
  );
  assert.ok(goodput > 0.9, `goodput ${goodput} of the peak of ${peak}/s`);
  // Without a limit the last ones would wait for 8 s.
  assert.ok(percentile(served, 0.99) < 1_000, `p99 ${percentile(served, 0.99)} ms`);
  assert.deepEqual(other, []);
  assert.ok(refused.every((body) => body.includes("HDL_CONCURRENCY_LIMIT")));
  const metrics = await (await fetch(`${heddle.api}/metrics`)).text();
  const limit = /^heddle_upstream_concurrency_limit\{service="backend\/default\/web"\} (\d+)$/m.exec(
    metrics,
  )?.[1];
  assert.ok(Number(limit) >= 3 && Number(limit) < 100, `limit ${limit}`);
});

/** So short that any load is too much: what is refused first does not depend on how fast this machine is. */
const shedding = `apiVersion: heddle.dev/v1alpha1
kind: GatewaySettings
metadata: { name: edge }
spec: { overload: { targetDelay: 1ms, priorityHeader: x-priority, trustedSources: [127.0.0.0/8] } }
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
    files: ({ http }) => ({ "web.yaml": configuration(http, service.port, shedding) }),
    args: ["--workers", "1"],
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
    ({ refused, other } = await openLoad(heddle.urls.http, 3_000, 1_000));
    assert.deepEqual(other, []);
  }
  over.abort();
  await checks;
  t.diagnostic(`${refused.length} refused, ${statuses.length} critical served`);
  assert.ok(refused.length > 0 && refused.every((body) => body.includes("HDL_OVERLOADED")));
  assert.deepEqual(new Set(statuses), new Set([200]));
  const metrics = await (await fetch(`${heddle.api}/metrics`)).text();
  const shed = (priority: string): number =>
    Number(
      new RegExp(`^heddle_load_shed_total\\{priority="${priority}"\\} (\\d+)$`, "m").exec(metrics)?.[1] ?? 0,
    );
  assert.ok(shed("low") > 0);
  assert.equal(shed("critical"), 0);
});
