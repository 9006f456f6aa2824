import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "@heddle/testkit";
import { seededRandom, TimerWheel } from "../base/index.ts";
import { DEFAULT_CLUSTER_SETTINGS } from "../model/index.ts";
import { Cluster } from "./cluster.ts";
import { UNCOUNTED } from "./cluster-observer.ts";
import type { Endpoint } from "./endpoint.ts";

const latencyOf = ({ port }: Endpoint): number => (port === 1 ? 5 : 100);

/** A request each 5 ms to three endpoints, of which the fastest one may stand still. */
class Rig {
  readonly clock = new FakeClock();
  readonly cluster: Cluster;
  isStill = false;
  /** Requests that nobody answers. */
  readonly stuck: Endpoint[] = [];
  private readonly waiting: { endpoint: Endpoint; sentMs: number; dueMs: number }[] = [];

  constructor() {
    const unit = {
      kind: "cluster",
      name: "c",
      protocol: "http1",
      endpoints: "c",
      balancing: { algorithm: "peak-ewma" },
      tls: null,
      settings: DEFAULT_CLUSTER_SETTINGS,
    } as const;
    this.cluster = new Cluster(unit, null, 0, {
      clock: this.clock,
      wheel: new TimerWheel(this.clock),
      random: seededRandom(5),
      observer: UNCOUNTED,
      indexOf: () => -1,
    });
    const endpoints = [1, 2, 3].map((port) => ({ address: "10.0.0.1", port, weight: 1, zone: "" }));
    this.cluster.setEndpoints({ kind: "endpoints", name: "c", endpoints });
  }

  /** How many of these requests went to the one that is to stand still. */
  send(requests: number): number {
    let sent = 0;
    for (let i = 0; i < requests; i++) {
      const endpoint = this.cluster.pick(null)!;
      this.cluster.attemptStarted(endpoint);
      if (endpoint.port === 1) sent++;
      if (endpoint.port === 1 && this.isStill) this.stuck.push(endpoint);
      else
        this.waiting.push({
          endpoint,
          sentMs: this.clock.now(),
          dueMs: this.clock.now() + latencyOf(endpoint),
        });
      this.clock.advance(5);
      const due = this.waiting.filter(({ dueMs }) => dueMs <= this.clock.now());
      for (const one of due) {
        this.waiting.splice(this.waiting.indexOf(one), 1);
        this.answer(one.endpoint, one.dueMs - one.sentMs);
      }
    }
    return sent;
  }

  answer(endpoint: Endpoint, latencyMs: number): void {
    this.cluster.attemptAnswered(endpoint, 200, latencyMs);
    this.cluster.attemptEnded(endpoint, false);
  }
}

test("an endpoint that stands still holds one request after the other until its connections are full", () => {
  const rig = new Rig();
  rig.send(1_000);
  rig.isStill = true;
  const stuck = rig.send(5_000);
  assert.ok(stuck < 20, `${stuck} of 5000 requests went to the endpoint that stands still`);
});

test("an endpoint that stands still is as good as new when its clients have given up", () => {
  const rig = new Rig();
  rig.send(1_000);
  rig.isStill = true;
  rig.send(1_000);
  for (const endpoint of rig.stuck.splice(0)) rig.cluster.attemptEnded(endpoint, false);
  const again = rig.send(1_000);
  assert.ok(again < 3, `${again} of 1000 requests went there again`);
});

test("an endpoint that answers again has its share again when its silence has lost its say", () => {
  const rig = new Rig();
  rig.send(1_000);
  rig.isStill = true;
  rig.send(200);
  rig.isStill = false;
  for (const endpoint of rig.stuck.splice(0)) rig.answer(endpoint, 200);
  rig.clock.advance(60_000);
  assert.ok(rig.send(1_000) > 400);
});
