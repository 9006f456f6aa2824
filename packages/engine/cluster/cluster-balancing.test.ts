import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "@heddle/testkit";
import { seededRandom, TimerWheel } from "../base/index.ts";
import { DEFAULT_CLUSTER_SETTINGS } from "../model/index.ts";
import type { BalancingSpec, ClusterUnit, EndpointSpec } from "../model/index.ts";
import { Cluster } from "./cluster.ts";
import { UNCOUNTED } from "./cluster-observer.ts";

function setUp(balancing: BalancingSpec, specs: readonly Partial<EndpointSpec>[]) {
  const clock = new FakeClock();
  const unit = (spec: BalancingSpec): ClusterUnit => ({
    kind: "cluster",
    name: "c",
    protocol: "http1",
    endpoints: "c",
    balancing: spec,
    tls: null,
    settings: DEFAULT_CLUSTER_SETTINGS,
  });
  const wheel = new TimerWheel(clock);
  const cluster = new Cluster(unit(balancing), null, 0, {
    clock,
    wheel,
    random: seededRandom(11),
    observer: UNCOUNTED,
    indexOf: () => -1,
  });
  const endpoints = (list: readonly Partial<EndpointSpec>[]) =>
    ({
      kind: "endpoints",
      name: "c",
      endpoints: list.map((spec, i) => ({ address: "10.0.0.1", port: i + 1, weight: 1, zone: "", ...spec })),
    }) as const;
  cluster.setEndpoints(endpoints(specs));
  /** Shares in percent, by port. */
  const shares = (): number[] => {
    const counts = cluster.endpoints.map(() => 0);
    for (let i = 0; i < 4_000; i++) counts[cluster.endpoints.indexOf(cluster.pick(null)!)]++;
    return counts.map((count) => Math.round(count / 40));
  };
  return { clock, cluster, shares, endpoints, unit };
}

function assertNear(found: number[], expected: number[]): void {
  assert.equal(found.length, expected.length);
  for (const [i, share] of found.entries())
    assert.ok(Math.abs(share - expected[i]) <= 3, `${found} is not ${expected}`);
}

const slowStart = { windowMs: 10_000, aggression: 1, minimumWeightPercent: 10 };

test("slow start: an endpoint that joins gets its share bit by bit; the first ones are not held back", () => {
  const { clock, cluster, shares, endpoints } = setUp({ algorithm: "random", slowStart }, [{}, {}]);
  assertNear(shares(), [50, 50]);
  clock.advance(60_000);
  cluster.setEndpoints(endpoints([{}, {}, {}]));
  assertNear(shares(), [48, 48, 5]);
  clock.advance(5_000);
  assertNear(shares(), [40, 40, 20]);
  clock.advance(5_000);
  assertNear(shares(), [33, 33, 33]);
});

test("slow start: so does one that becomes healthy again", () => {
  const { clock, cluster, shares } = setUp({ algorithm: "round-robin", slowStart }, [{}, {}]);
  clock.advance(60_000);
  cluster.endpoints[0].isHealthy = false;
  assertNear(shares(), [0, 100]);
  clock.advance(60_000);
  cluster.endpoints[0].isHealthy = true;
  clock.advance(2_500);
  assertNear(shares(), [20, 80]);
});

test("priorities: an ejected endpoint's share goes to the next level, and comes back with it", () => {
  const { cluster, shares } = setUp({ algorithm: "random" }, [{}, {}, { priority: 1 }]);
  assertNear(shares(), [50, 50, 0]);
  cluster.endpoints[0].isEjected = true;
  assertNear(shares(), [0, 70, 30]);
  cluster.endpoints[0].isEjected = false;
  assertNear(shares(), [50, 50, 0]);
});

test("a change of balancing holds from the next endpoints on", () => {
  const { cluster, shares, endpoints, unit } = setUp({ algorithm: "random" }, [{ zone: "a" }, { zone: "b" }]);
  const zone = { mode: "prefer", spillover: "capacity", isNodeFirst: false, zone: "a", node: "" } as const;
  cluster.update(unit({ algorithm: "random", zone }), null, 0);
  cluster.setEndpoints(endpoints([{ zone: "a" }, { zone: "b" }]));
  assertNear(shares(), [100, 0]);
});

test("a table is built in slices, and the endpoints that were there serve until it is whole", () => {
  const hash = { on: "path", name: "" } as const;
  const { cluster, endpoints } = setUp({ algorithm: "maglev", hash }, [{}, {}]);
  const before = cluster.endpoints;
  const work = cluster.takeEndpoints(endpoints([{ port: 7 }, { port: 8 }, { port: 9 }]));
  let slices = 0;
  while (work.next().done !== true) {
    slices++;
    assert.equal(cluster.endpoints, before);
    assert.ok(before.includes(cluster.pick(null, undefined, 5)!));
  }
  assert.ok(slices > 10, `${slices}`);
  assert.deepEqual(
    cluster.endpoints.map(({ port }) => port),
    [7, 8, 9],
  );
});

test("with nothing else asked for, endpoints of a dead first level are left to the last resort on retries", () => {
  const { cluster } = setUp({ algorithm: "random" }, [{}, {}, { priority: 1 }, { priority: 2 }]);
  const [a, b, c] = cluster.endpoints;
  assert.equal(cluster.pick(b, [a, b]), c);
});
