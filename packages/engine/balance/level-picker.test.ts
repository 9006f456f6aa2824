import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededRandom } from "../base/index.ts";
import type { FailoverSpec, ZoneSpec } from "../model/index.ts";
import { DEFAULT_FAILOVER } from "../model/index.ts";
import { pickerContract } from "./contract.suite.ts";
import { hashKey } from "./hash-key.ts";
import { HashPicker } from "./hash-picker.ts";
import { LevelPicker } from "./level-picker.ts";
import { DEFAULT_MAGLEV_SIZE, maglevTable } from "./maglev-table.ts";
import { PeakEwmaPicker } from "./peak-ewma-picker.ts";
import { RandomPicker } from "./random-picker.ts";
import { countPicks, endpointsOf, TestEndpoint } from "./testing/endpoints.ts";

/** Nobody tells of changes: each look is one. */
class EveryLook {
  private looks = 0;
  get count(): number {
    return this.looks++;
  }
}

const NO_PANIC: FailoverSpec = { overprovisioningPercent: 140, panicThresholdPercent: 0 };
const ZONE: ZoneSpec = { mode: "prefer", spillover: "capacity", isNodeFirst: false, zone: "a", node: "" };

function levels(failover: FailoverSpec = DEFAULT_FAILOVER, zone: ZoneSpec | null = null) {
  return new LevelPicker<TestEndpoint>(() => new RandomPicker(), failover, zone, new EveryLook());
}

pickerContract("LevelPicker", () => levels(NO_PANIC));
pickerContract("LevelPicker over peak EWMA", () => {
  return new LevelPicker(() => new PeakEwmaPicker<TestEndpoint>(), NO_PANIC, null, new EveryLook());
});
pickerContract("LevelPicker where no endpoint says its zone", () => levels(NO_PANIC, ZONE));

interface Spec {
  priority?: number;
  zone?: string;
  node?: string;
  forZones?: string[];
  isAvailable?: boolean;
}

function placed(...specs: Spec[]): TestEndpoint[] {
  return specs.map((spec, i) => Object.assign(new TestEndpoint(String(i), 1), spec));
}

/** Shares in percent of 10,000 picks. */
function shares(picker: LevelPicker<TestEndpoint>, endpoints: TestEndpoint[], exclude?: TestEndpoint) {
  const counts = countPicks(picker, endpoints, 10_000, seededRandom(4), exclude);
  return counts.map((count) => Math.round(count / 100));
}

function assertNear(found: number[], expected: number[]): void {
  for (const [i, share] of found.entries())
    assert.ok(Math.abs(share - expected[i]) <= 2, `${found} is not ${expected}`);
}

describe("LevelPicker: priorities", () => {
  it("uses the first priority alone while it is well", () => {
    const endpoints = placed({}, {}, { priority: 1 }, { priority: 2 });
    assertNear(shares(levels(), endpoints), [50, 50, 0, 0]);
  });

  it("spills over to the next one as endpoints fail, and comes back", () => {
    const endpoints = placed({}, {}, { priority: 5 }, { priority: 9 });
    const picker = levels();
    endpoints[0].isAvailable = false;
    assertNear(shares(picker, endpoints), [0, 70, 30, 0]);
    endpoints[1].isAvailable = false;
    assertNear(shares(picker, endpoints), [0, 0, 100, 0]);
    endpoints[2].isAvailable = false;
    assertNear(shares(picker, endpoints), [0, 0, 0, 100]);
    for (const endpoint of endpoints) endpoint.isAvailable = true;
    assertNear(shares(picker, endpoints), [50, 50, 0, 0]);
  });

  it("below the panic threshold all endpoints are used again, and not above it", () => {
    const endpoints = placed({}, {}, {}, {}, {});
    for (const at of [0, 1]) endpoints[at].isAvailable = false;
    assertNear(shares(levels(), endpoints), [0, 0, 33, 33, 33]);
    endpoints[2].isAvailable = false;
    assertNear(shares(levels(), endpoints), [20, 20, 20, 20, 20]);
    assertNear(shares(levels(NO_PANIC), endpoints), [0, 0, 0, 50, 50]);
  });

  it("panics in a level only while the others do not make up for it", () => {
    const endpoints = placed({ isAvailable: false }, { isAvailable: false }, {}, { priority: 1 });
    assertNear(shares(levels(), endpoints), [0, 0, 47, 53]);
    endpoints[3].isAvailable = false;
    assertNear(shares(levels(), endpoints), [25, 25, 25, 25]);
  });

  it("a retry leaves the level where the failed endpoint was the last one", () => {
    const endpoints = placed({}, { priority: 1 }, { priority: 1 });
    assertNear(shares(levels(), endpoints, endpoints[0]), [0, 50, 50]);
  });

  it("works shares out when it is told of a change, and not at each pick", () => {
    const changes = { count: 0 };
    const picker = new LevelPicker<TestEndpoint>(() => new RandomPicker(), DEFAULT_FAILOVER, null, changes);
    const endpoints = placed({}, {}, { priority: 1 }, { priority: 1 });
    countPicks(picker, endpoints, 1);
    endpoints[0].isAvailable = false;
    assert.equal(countPicks(picker, endpoints, 100)[1], 100);
    changes.count++;
    assert.ok(countPicks(picker, endpoints, 100)[1] < 90);
  });
});

describe("LevelPicker: zones", () => {
  it("capacity: stays in the zone where it has its share, and sends on what it has not", () => {
    const even = placed({ zone: "a" }, { zone: "b" }, { zone: "c" });
    assertNear(shares(levels(DEFAULT_FAILOVER, ZONE), even), [100, 0, 0]);
    const few = placed({ zone: "a" }, { zone: "b" }, { zone: "b" }, { zone: "b" });
    assertNear(shares(levels(DEFAULT_FAILOVER, ZONE), few), [50, 17, 17, 17]);
  });

  it("capacity: a zone that is lost loses no request", () => {
    const endpoints = placed({ zone: "a", isAvailable: false }, { zone: "b" }, { zone: "c" });
    assertNear(shares(levels(DEFAULT_FAILOVER, ZONE), endpoints), [0, 50, 50]);
  });

  it("outage: the own zone takes all, however small it is, until endpoints there are unavailable", () => {
    const zone = { ...ZONE, spillover: "outage" } as const;
    const endpoints = placed(
      { zone: "a" },
      { zone: "a" },
      ...Array.from({ length: 8 }, () => ({ zone: "b" })),
    );
    const picker = levels(DEFAULT_FAILOVER, zone);
    assertNear(shares(picker, endpoints).slice(0, 2), [50, 50]);
    endpoints[0].isAvailable = false;
    assertNear(shares(picker, endpoints).slice(0, 2), [0, 70]);
    endpoints[1].isAvailable = false;
    assertNear(shares(picker, endpoints).slice(0, 3), [0, 0, 13]);
  });

  it("outage: the own node first, then the zone, then the rest", () => {
    const zone = { ...ZONE, spillover: "outage", isNodeFirst: true, node: "n1" } as const;
    const endpoints = placed({ zone: "b" }, { zone: "a", node: "n2" }, { zone: "a", node: "n1" });
    const picker = levels(DEFAULT_FAILOVER, zone);
    assertNear(shares(picker, endpoints), [0, 0, 100]);
    endpoints[2].isAvailable = false;
    assertNear(shares(picker, endpoints), [0, 100, 0]);
    endpoints[1].isAvailable = false;
    assertNear(shares(levels(NO_PANIC, zone), endpoints), [100, 0, 0]);
  });

  it("outage: hints go before zones where all endpoints have some, and are not used where one has none", () => {
    const zone = { ...ZONE, spillover: "outage" } as const;
    const hinted = placed({ zone: "a", forZones: ["b"] }, { zone: "b", forZones: ["a", "c"] });
    assertNear(shares(levels(DEFAULT_FAILOVER, zone), hinted), [0, 100]);
    const partly = placed({ zone: "a" }, { zone: "b", forZones: ["a"] });
    assertNear(shares(levels(DEFAULT_FAILOVER, zone), partly), [100, 0]);
  });

  it("each priority has zones of its own", () => {
    const endpoints = placed(
      { zone: "a", isAvailable: false },
      { zone: "b", isAvailable: false },
      { zone: "a", priority: 1 },
      { zone: "b", priority: 1 },
    );
    assertNear(shares(levels(DEFAULT_FAILOVER, ZONE), endpoints), [0, 0, 100, 0]);
  });
});

describe("LevelPicker over a picker that hashes", () => {
  it("a key has one endpoint while nothing changes, also where levels share", () => {
    const endpoints = placed({}, {}, {}, { priority: 1 }, { priority: 1 });
    endpoints[0].isAvailable = false;
    endpoints[1].isAvailable = false;
    const picker = new LevelPicker<TestEndpoint>(
      () => new HashPicker(maglevTable(DEFAULT_MAGLEV_SIZE)),
      DEFAULT_FAILOVER,
      null,
      { count: 0 },
    );
    for (const _ of picker.prepare(endpoints));
    const random = { next: () => assert.fail("a key leaves no choice") };
    const run = () =>
      Array.from({ length: 500 }, (_, i) => picker.pick(endpoints, 0, random, null, hashKey(`k${i}`))!.name);
    const first = run();
    assert.deepEqual(run(), first);
    const spilled = first.filter((name) => name === "3" || name === "4").length;
    assert.ok(spilled > 200 && spilled < 330, `${spilled} of 500`);
  });
});

it("LevelPicker picks nothing but the only one from one", () => {
  const [only] = endpointsOf(1);
  assert.equal(levels().pick([only], 0, seededRandom(1), only), only);
});
