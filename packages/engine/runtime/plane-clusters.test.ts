import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { FakeClock } from "@heddle/testkit";
import { seededRandom, TimerWheel } from "../base/index.ts";
import { DEFAULT_CLUSTER_SETTINGS, type Unit } from "../model/index.ts";
import { MetricsRegistry, WorkerLane } from "../observe/index.ts";
import { HeldUnits } from "./held-units.ts";
import { PlaneClusters } from "./plane-clusters.ts";

const clusterUnits = (name: string, port = 1): Unit[] => [
  {
    kind: "cluster",
    name,
    protocol: "http1",
    endpoints: name,
    balancing: { algorithm: "round-robin" },
    tls: null,
    settings: DEFAULT_CLUSTER_SETTINGS,
  },
  { kind: "endpoints", name, endpoints: [{ address: "10.0.0.1", port, weight: 1, zone: "" }] },
];

class Rig {
  readonly units = new HeldUnits();
  readonly clusters: PlaneClusters;

  constructor() {
    const clock = new FakeClock();
    const lane = new WorkerLane(new MetricsRegistry().openLane(0, 1));
    const wheel = new TimerWheel(clock);
    const random = seededRandom(1);
    const options = { clock, random, wheel, lane, isChecker: false, healthChannel: "", log: () => {} };
    this.clusters = new PlaneClusters(options, this.units);
  }

  take(puts: readonly Unit[], removes: readonly string[] = []): void {
    const held = puts.map((unit) => ({ unit, hash: JSON.stringify(unit) }));
    this.units.take({ version: 1, puts: held, removes, indexes: [], isLast: true });
  }

  /** `steps`: after so many the build ends, as by a mistake. */
  build(steps = Infinity): void {
    const build = this.clusters.build(this.units.takeChanges());
    for (let at = 0; at < steps; at++) if (build.next().done === true) break;
    build.return(undefined);
    if (steps === Infinity) this.clusters.drop();
  }

  port(name: string): number | undefined {
    return this.clusters.find(name)?.pick(null)?.port;
  }
}

describe("clusters", () => {
  let rig: Rig | undefined;
  afterEach(() => rig?.clusters.close());

  test("come, change and go", () => {
    rig = new Rig();
    rig.take([...clusterUnits("a"), ...clusterUnits("b")]);
    rig.build();
    assert.deepEqual([rig.port("a"), rig.port("b")], [1, 1]);
    rig.take(clusterUnits("b", 2), ["cluster:a", "endpoints:a"]);
    rig.build();
    assert.deepEqual([rig.port("a"), rig.port("b")], [undefined, 2]);
  });

  test("what a build that does not end has taken of the changes is done by the next", () => {
    for (let steps = 1; steps < 8; steps++) {
      rig?.clusters.close();
      rig = new Rig();
      rig.take([...clusterUnits("gone"), ...clusterUnits("a"), ...clusterUnits("b")]);
      rig.build();
      rig.take([...clusterUnits("a", 2), ...clusterUnits("b", 2), ...clusterUnits("c")], ["cluster:gone"]);
      rig.build(steps);
      rig.build();
      const ports = ["gone", "a", "b", "c"].map((name) => rig!.port(name));
      assert.deepEqual(ports, [undefined, 2, 2, 1], `after ${steps} steps`);
    }
  });
});
