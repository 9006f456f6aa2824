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
    // Its table is made in steps.
    balancing: { algorithm: "maglev", maglev: { tableSize: 4099 } },
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

  build(): void {
    for (const _ of this.clusters.build(this.units.takeChanges()));
    this.clusters.drop();
  }

  /** A build that ends after so many steps, as by a mistake; false where it comes to its end before. */
  cutBuild(steps: number): boolean {
    const build = this.clusters.build(this.units.takeChanges());
    for (let at = 0; at < steps; at++) if (build.next().done === true) return false;
    build.return(undefined);
    return true;
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
    let isCut = true;
    let steps = 1;
    for (; isCut; steps++) {
      rig?.clusters.close();
      rig = new Rig();
      rig.take([...clusterUnits("gone"), ...clusterUnits("a"), ...clusterUnits("b")]);
      rig.build();
      rig.take([...clusterUnits("a", 2), ...clusterUnits("b", 2), ...clusterUnits("c")], ["cluster:gone"]);
      isCut = rig.cutBuild(steps);
      rig.build();
      const ports = ["gone", "a", "b", "c"].map((name) => rig!.port(name));
      assert.deepEqual(ports, [undefined, 2, 2, 1], `after ${steps} steps`);
    }
    assert.ok(steps > 10, "tables are made in steps");
  });
});
