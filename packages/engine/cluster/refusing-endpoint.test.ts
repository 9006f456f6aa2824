import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "@heddle/testkit";
import { makeFault, seededRandom, TimerWheel } from "../base/index.ts";
import type { FaultCode } from "../base/index.ts";
import { DEFAULT_CLUSTER_SETTINGS } from "../model/index.ts";
import { Cluster } from "./cluster.ts";
import { UNCOUNTED } from "./cluster-observer.ts";

/** How many of 1,000 attempts go to an endpoint that fails at once, beside two that answer after 5 ms. Never ejected. */
function attemptsAtFailing(code: FaultCode): number {
  const clock = new FakeClock();
  const cluster = new Cluster(
    {
      kind: "cluster",
      name: "c",
      protocol: "http1",
      endpoints: "c",
      balancing: { algorithm: "peak-ewma" },
      tls: null,
      settings: { ...DEFAULT_CLUSTER_SETTINGS, ejectAfterFaults: 0 },
    },
    null,
    0,
    {
      clock,
      wheel: new TimerWheel(clock),
      random: seededRandom(5),
      observer: UNCOUNTED,
      indexOf: () => -1,
    },
  );
  const endpoints = [1, 2, 3].map((port) => ({ address: "10.0.0.1", port, weight: 1, zone: "" }));
  cluster.setEndpoints({ kind: "endpoints", name: "c", endpoints });
  let failed = 0;
  for (let i = 0; i < 1_000; i++) {
    const endpoint = cluster.pick(null)!;
    cluster.attemptStarted(endpoint);
    const isFailing = endpoint.port === 1;
    if (isFailing) {
      failed++;
      cluster.attemptFailed(endpoint, makeFault(code, "refused"));
    } else {
      cluster.attemptAnswered(endpoint, 200, 5);
    }
    cluster.attemptEnded(endpoint, isFailing);
    clock.advance(1);
  }
  return failed;
}

test("an endpoint that refuses at once does not draw traffic", () => {
  const failed = attemptsAtFailing("HDL_UPSTREAM_CONNECT_FAILED");
  assert.ok(failed > 0 && failed < 50, `${failed} of 1000 attempts went to the endpoint that refuses`);
});

test("a stale connection is not held against its endpoint", () => {
  const failed = attemptsAtFailing("HDL_UPSTREAM_STALE");
  assert.ok(failed > 300, `${failed} of 1000 attempts went to the endpoint whose connections were stale`);
});
