import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "@heddle/testkit";
import { makeFault, seededRandom, TimerWheel } from "../base/index.ts";
import { DEFAULT_CLUSTER_SETTINGS } from "../model/index.ts";
import type { ClusterSettings, ClusterUnit } from "../model/index.ts";
import { Cluster } from "./cluster.ts";
import { UNCOUNTED } from "./cluster-observer.ts";
import type { Endpoint } from "./endpoint.ts";

const rates = {
  ejectAfterFaults: 0,
  successRateOutliers: { intervalMs: 10_000, factor: 1.9, minEndpoints: 5, minRequests: 100 },
};
const latencies = {
  ejectAfterFaults: 0,
  latencyOutliers: { intervalMs: 10_000, factor: 3, minEndpoints: 3, minRequests: 20 },
};

/** Endpoints that are all asked in each interval; what they do is the test's. */
class Rig {
  readonly clock = new FakeClock();
  readonly cluster: Cluster;
  ejections = 0;
  readonly told: string[] = [];

  constructor(endpoints: number, settings: Partial<ClusterSettings>) {
    this.cluster = new Cluster(unitOf(settings), null, 0, {
      clock: this.clock,
      wheel: new TimerWheel(this.clock),
      random: seededRandom(5),
      observer: { ...UNCOUNTED, endpointEjected: () => this.ejections++ },
      ejections: {
        ejected: (cluster, endpoint, reason) => this.told.push(`${endpoint} of ${cluster}: ${reason}`),
        readmitted: (_cluster, endpoint) => this.told.push(`${endpoint} is back`),
      },
      indexOf: () => -1,
    });
    this.cluster.setEndpoints({
      kind: "endpoints",
      name: "c",
      endpoints: Array.from({ length: endpoints }, (_, i) => ({
        address: "10.0.0.1",
        port: i + 1,
        weight: 1,
        zone: "",
      })),
    });
  }

  update(settings: Partial<ClusterSettings>): void {
    this.cluster.update(unitOf(settings), null, 0);
  }

  get first(): Endpoint {
    return this.cluster.endpoints[0];
  }

  ask(endpoint: Endpoint, status: number, latencyMs: number): void {
    this.cluster.attemptStarted(endpoint);
    this.cluster.attemptAnswered(endpoint, status, latencyMs);
    this.cluster.attemptEnded(endpoint, false);
  }

  /** An interval in which each endpoint that is in has `requests`; those of the first are as `first` says. */
  interval(requests: number, first: (n: number) => { status?: number; latencyMs?: number }): void {
    for (let n = 0; n < requests; n++) {
      for (const endpoint of this.cluster.endpoints) {
        if (endpoint.isEjected) continue;
        const { status = 200, latencyMs = 10 } = endpoint === this.first ? first(n) : {};
        this.ask(endpoint, status, latencyMs);
      }
    }
    this.clock.advance(10_000);
    // The first request of the next interval has the last one compared.
    this.ask(this.cluster.endpoints.at(-1)!, 200, 10);
  }

  /** A request goes to an ejected endpoint whose time is up. */
  probe(): Endpoint | null {
    const endpoint = this.cluster.pick(null);
    return endpoint === this.first ? endpoint : null;
  }
}

function unitOf(settings: Partial<ClusterSettings>): ClusterUnit {
  return {
    kind: "cluster",
    name: "c",
    protocol: "http1",
    endpoints: "c",
    balancing: { algorithm: "round-robin" },
    tls: null,
    settings: { ...DEFAULT_CLUSTER_SETTINGS, ...settings },
  };
}

const failsOneIn = (share: number) => (n: number) => ({ status: n % share === 0 ? 500 : 200 });
const slow = () => ({ latencyMs: 100 });
const sound = () => ({});

test("an endpoint that fails more of its requests than the others is left out after an interval", () => {
  const rig = new Rig(6, rates);
  rig.interval(100, failsOneIn(5));
  assert.equal(rig.first.isAvailable, false);
  assert.equal(rig.ejections, 1);
  assert.equal(rig.first.ejectedUntilMs, rig.clock.now() + 5_000, "for the time of a first ejection");
});

test("what all endpoints do is nothing of one of them", () => {
  const rig = new Rig(6, rates);
  for (let n = 0; n < 100; n++) {
    for (const endpoint of rig.cluster.endpoints) rig.ask(endpoint, n % 2 === 0 ? 500 : 200, 10);
  }
  rig.clock.advance(10_000);
  rig.ask(rig.first, 200, 10);
  assert.equal(rig.ejections, 0);
});

test("few failures, few requests and few endpoints say nothing", () => {
  const failures = new Rig(10, rates);
  failures.interval(100, failsOneIn(25));
  assert.equal(failures.ejections, 0, "four of a hundred, and of the others none");
  const requests = new Rig(6, rates);
  requests.interval(99, failsOneIn(2));
  assert.equal(requests.ejections, 0);
  const endpoints = new Rig(4, rates);
  endpoints.interval(100, failsOneIn(2));
  assert.equal(endpoints.ejections, 0);
});

test("attempts without an answer are failures, and a client's mistakes none", () => {
  const rig = new Rig(6, rates);
  const fault = makeFault("HDL_UPSTREAM_RESET", "reset");
  for (let n = 0; n < 100; n++) {
    for (const endpoint of rig.cluster.endpoints) {
      if (endpoint === rig.first && n % 5 === 0) rig.cluster.attemptFailed(endpoint, fault);
      else rig.ask(endpoint, endpoint.port === 2 ? 404 : 200, 10);
    }
  }
  rig.clock.advance(10_000);
  rig.ask(rig.cluster.endpoints[2], 200, 10);
  assert.deepEqual(
    rig.cluster.endpoints.map(({ isEjected }) => isEjected),
    [true, false, false, false, false, false],
  );
});

test("one good answer does not take it back, a probe does, and what it does again is held against it", () => {
  const rig = new Rig(6, rates);
  rig.interval(100, failsOneIn(5));
  rig.cluster.attemptAnswered(rig.first, 200, 10);
  assert.equal(rig.first.isEjected, true, "an answer to what was asked before");
  rig.clock.advance(5_000);
  rig.ask(rig.probe()!, 200, 10);
  assert.equal(rig.first.isEjected, false);
  rig.interval(100, failsOneIn(5));
  assert.equal(rig.first.ejectedUntilMs, rig.clock.now() + 10_000, "twice as long");
});

test("an endpoint that is like the others for an interval begins anew", () => {
  const rig = new Rig(6, rates);
  rig.interval(100, failsOneIn(5));
  rig.clock.advance(5_000);
  rig.ask(rig.probe()!, 200, 10);
  rig.interval(100, sound);
  rig.interval(100, failsOneIn(5));
  assert.equal(rig.first.ejectedUntilMs, rig.clock.now() + 5_000);
});

test("an endpoint that takes longer than the others is left out after an interval", () => {
  const rig = new Rig(3, latencies);
  rig.interval(20, () => ({ latencyMs: 29 }));
  assert.equal(rig.ejections, 0, "less than three times as long");
  rig.interval(20, () => ({ latencyMs: 31 }));
  assert.equal(rig.first.isEjected, true);
});

test("a probe that is as slow again has failed", () => {
  const rig = new Rig(3, latencies);
  rig.interval(20, slow);
  rig.clock.advance(5_000);
  rig.ask(rig.probe()!, 200, 100);
  assert.equal(rig.first.isEjected, true);
  assert.equal(rig.first.ejectedUntilMs, rig.clock.now() + 10_000);
  rig.clock.advance(10_000);
  rig.ask(rig.probe()!, 200, 12);
  assert.equal(rig.first.isEjected, false);
});

test("one long answer among many is no slow endpoint, nor are a few milliseconds", () => {
  const rig = new Rig(3, latencies);
  rig.interval(100, (n) => ({ latencyMs: n === 50 ? 1_000 : 10 }));
  assert.equal(rig.ejections, 0);
  for (let n = 0; n < 20; n++) {
    for (const endpoint of rig.cluster.endpoints) rig.ask(endpoint, 200, endpoint === rig.first ? 5 : 1);
  }
  rig.clock.advance(10_000);
  rig.ask(rig.first, 200, 1);
  assert.equal(rig.ejections, 0);
});

test("the worst go first, and no more than the share that may be out", () => {
  const rig = new Rig(5, { ...latencies, maxEjectedShare: 0.2 });
  for (let n = 0; n < 20; n++) {
    rig.cluster.endpoints.forEach((endpoint, at) => rig.ask(endpoint, 200, [40, 90, 10, 10, 10][at]));
  }
  rig.clock.advance(10_000);
  rig.ask(rig.cluster.endpoints[4], 200, 10);
  assert.deepEqual(
    rig.cluster.endpoints.map(({ isEjected }) => isEjected),
    [false, true, false, false, false],
  );
});

test("what was counted long ago is forgotten", () => {
  const rig = new Rig(3, latencies);
  for (let n = 0; n < 20; n++) {
    for (const endpoint of rig.cluster.endpoints) rig.ask(endpoint, 200, endpoint === rig.first ? 500 : 10);
  }
  rig.clock.advance(60_000);
  rig.ask(rig.first, 200, 10);
  assert.equal(rig.ejections, 0);
});

test("a change of other settings goes on counting, and without the setting nothing is compared any more", () => {
  const rig = new Rig(3, latencies);
  for (let n = 0; n < 20; n++) {
    if (n === 10) rig.update({ ...latencies, connectTimeoutMs: 1 });
    for (const endpoint of rig.cluster.endpoints) rig.ask(endpoint, 200, endpoint === rig.first ? 500 : 10);
  }
  rig.clock.advance(10_000);
  rig.ask(rig.cluster.endpoints[2], 200, 10);
  assert.equal(rig.first.isEjected, true);
  rig.update({});
  rig.cluster.attemptAnswered(rig.first, 200, 500);
  assert.equal(rig.first.isEjected, false, "a good answer takes back what no longer stands out");
});

test("why an endpoint is left out is told, and when it is back", () => {
  const rates5 = new Rig(6, rates);
  rates5.interval(100, failsOneIn(5));
  assert.deepEqual(rates5.told, ["10.0.0.1:1 of c: it fails more often than the others"]);
  const slower = new Rig(3, latencies);
  slower.interval(20, slow);
  assert.deepEqual(slower.told, ["10.0.0.1:1 of c: it is slower than the others"]);

  const rig = new Rig(3, { ejectAfterFaults: 2, ejectMs: 5_000 });
  rig.ask(rig.first, 503, 10);
  rig.ask(rig.first, 503, 10);
  rig.clock.advance(5_000);
  rig.ask(rig.probe()!, 200, 10);
  rig.cluster.attemptFailed(rig.first, makeFault("HDL_UPSTREAM_RESET", "the connection was reset"));
  rig.cluster.attemptFailed(rig.first, makeFault("HDL_UPSTREAM_RESET", "the connection was reset"));
  assert.deepEqual(rig.told, [
    "10.0.0.1:1 of c: its requests fail: status 503",
    "10.0.0.1:1 is back",
    "10.0.0.1:1 of c: its requests fail: the connection was reset",
  ]);
});

test("an endpoint that comes and goes all the time is told of once a second", () => {
  const rig = new Rig(3, { ejectAfterFaults: 1, ejectMs: 10 });
  for (let i = 0; i < 50; i++) {
    rig.ask(rig.first, 503, 10);
    rig.clock.advance(40);
    while (rig.first.isEjected) rig.ask(rig.cluster.pick(null)!, 200, 1);
  }
  assert.equal(rig.ejections, 50);
  const told = ["10.0.0.1:1 of c: its requests fail: status 503", "10.0.0.1:1 is back"];
  assert.deepEqual(rig.told, [...told, ...told]);
});

test("an endpoint that is left out again too soon to be told of is told of by the probe that fails", () => {
  const rig = new Rig(3, { ejectAfterFaults: 2, ejectMs: 5_000 });
  const isOut = "10.0.0.1:1 of c: its requests fail: status 503";
  const fail = () => rig.ask(rig.first, 503, 10);
  fail();
  fail();
  rig.ask(rig.first, 200, 10);
  fail();
  fail();
  assert.deepEqual(rig.told, [isOut, "10.0.0.1:1 is back"]);
  assert.equal(rig.first.isEjected, true);
  for (let i = 0; i < 3; i++) {
    rig.clock.advance(60_000);
    rig.ask(rig.probe()!, 503, 10);
  }
  assert.deepEqual(rig.told, [isOut, "10.0.0.1:1 is back", isOut]);
  assert.equal(rig.ejections, 2);
});

test("of many endpoints of a cluster ten are told of in a second", () => {
  const rig = new Rig(60, { ejectAfterFaults: 1, maxEjectedShare: 1 });
  for (const endpoint of rig.cluster.endpoints.slice(0, 40)) rig.ask(endpoint, 503, 10);
  assert.deepEqual([rig.ejections, rig.told.length], [40, 10]);
});
