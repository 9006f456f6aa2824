import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { becomesTrue, startHeddle, type RunningHeddle } from "@heddle/testkit";
import { gateway, openServer } from "./site.ts";

const openService = (name: string, status: () => number) =>
  openServer((_request, response) => void response.writeHead(status()).end(name));

const files = (port: number, v1: number, v2: number) => ({
  "shop.yaml": `
${gateway(port)}---
apiVersion: heddle.dev/v1alpha1
kind: Backend
metadata: { name: v1 }
spec: { endpoints: [{ address: 127.0.0.1, port: ${v1} }] }
---
apiVersion: heddle.dev/v1alpha1
kind: Backend
metadata: { name: v2 }
spec: { endpoints: [{ address: 127.0.0.1, port: ${v2} }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - backendRefs:
        - { group: heddle.dev, kind: Backend, name: v1 }
        - { group: heddle.dev, kind: Backend, name: v2 }
---
apiVersion: heddle.dev/v1alpha1
kind: TrafficPolicy
metadata: { name: shop }
spec:
  targetRefs: [{ kind: HTTPRoute, name: shop }]
  canary:
    stable: { kind: Backend, name: v1 }
    canary: { kind: Backend, name: v2 }
    steps: [{ weight: 20, pause: 500ms }, { weight: 60, pause: 500ms }]
    analysis: { maxErrorPercent: 2, minRequests: 20, interval: 100ms }
`,
});

const policyPath = "/apis/heddle.dev/v1alpha1/namespaces/default/trafficpolicies/shop";

class Traffic implements AsyncDisposable {
  readonly counts = new Map<string, number>();
  private isOn = true;
  private readonly done: Promise<void>;

  constructor(url: string) {
    this.done = this.run(url);
  }

  private async run(url: string): Promise<void> {
    while (this.isOn) {
      const response = await fetch(url);
      const answer = `${await response.text()} ${response.status}`;
      this.counts.set(answer, (this.counts.get(answer) ?? 0) + 1);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isOn = false;
    await this.done;
  }
}

interface Condition {
  type: string;
  reason: string;
  message: string;
}

async function canaryOf(heddle: RunningHeddle): Promise<Condition | undefined> {
  const response = await fetch(heddle.api + policyPath);
  const { status } = (await response.json()) as { status?: { ancestors: { conditions: Condition[] }[] } };
  return status?.ancestors[0]?.conditions.find(({ type }) => type === "Canary");
}

/** A step takes a hundred requests, one after the other: on a busy machine that is some seconds each. */
const becomes = (heddle: RunningHeddle, reason: string) =>
  becomesTrue(async () => (await canaryOf(heddle))?.reason === reason, 60_000);

test("a bad canary is rolled back, and stays so over a restart", async () => {
  await using v1 = await openService("v1", () => 200);
  await using v2 = await openService("v2", () => 503);
  const folder = mkdtempSync(path.join(tmpdir(), "heddle-canary-"));
  const start = () =>
    startHeddle({
      files: ({ http: port }) => files(port, v1.port, v2.port),
      args: ["--state", path.join(folder, "state")],
    });
  try {
    await using heddle = await start();
    await using traffic = new Traffic(heddle.urls.http);
    assert.ok(await becomes(heddle, "RolledBack"), heddle.stderr());
    assert.match((await canaryOf(heddle))!.message, /rolled back in step 1 of 2, 0 %: .* errors/);
    const bad = traffic.counts.get("v2 503") ?? 0;
    assert.ok(bad >= 20, "it was judged by requests");
    const good = traffic.counts.get("v1 200") ?? 0;
    assert.ok(await becomesTrue(() => (traffic.counts.get("v1 200") ?? 0) > good + 50, 20_000));
    // One that was under way while the weights changed may have been its last.
    assert.ok((traffic.counts.get("v2 503") ?? 0) <= bad + 1, `${traffic.counts.get("v2 503")} after ${bad}`);

    await using next = await start();
    for (let i = 0; i < 20; i++) assert.equal(await (await fetch(next.urls.http)).text(), "v1");
    assert.equal((await canaryOf(next))?.reason, "RolledBack");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a good canary is promoted step by step", async () => {
  await using v1 = await openService("v1", () => 200);
  await using v2 = await openService("v2", () => 200);
  await using heddle = await startHeddle({ files: ({ http: port }) => files(port, v1.port, v2.port) });
  await using traffic = new Traffic(heddle.urls.http);
  assert.ok(await becomes(heddle, "Promoted"), heddle.stderr());
  assert.match(heddle.stderr(), /canary of default\/shop\/0: step 2 of 2, 60 %/);
  const metrics = await (await fetch(`${heddle.api}/metrics`)).text();
  assert.match(metrics, /^heddle_canary_weight\{route="default\/shop",rule="0"\} 100$/m);
  const stable = traffic.counts.get("v1 200") ?? 0;
  assert.ok(stable > 0);
  const before = traffic.counts.get("v2 200") ?? 0;
  assert.ok(await becomesTrue(() => (traffic.counts.get("v2 200") ?? 0) > before + 50, 20_000));
  assert.ok((traffic.counts.get("v1 200") ?? 0) <= stable + 5);
});
