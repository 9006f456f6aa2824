import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { seededRandom } from "../base/index.ts";
import { SimulatedLoop } from "./simulated-loop.suite.ts";

/** 5,000 requests a second; a refusal costs a third of an answer. */
const COSTS = { serve: 0.2, look: 0.02, refuse: 0.05 };
const CAPACITY = 5;
const NORMAL_ONLY = (perMs: number): number[] => [0, 0, perMs, 0];

function setUp(targetMs: number = 20, connections: number = 2_000, costs: object = {}) {
  const shed = [0, 0, 0, 0];
  const delays: number[] = [];
  const observer = {
    shed: (priority: number) => void shed[priority]++,
    setLoopState: (delayMs: number) => void delays.push(delayMs),
  };
  const loop = new SimulatedLoop(targetMs, observer, { ...COSTS, ...costs }, connections, seededRandom(4));
  return { shedder: loop.shedder, loop, shed, delays };
}

describe("LoadShedder", () => {
  test("below capacity nobody is refused", () => {
    const { loop, shed, shedder } = setUp();
    loop.run(20_000, NORMAL_ONLY(0.8 * CAPACITY));
    assert.deepEqual(shed, [0, 0, 0, 0]);
    assert.equal(shedder.isOn, false);
  });

  test("at three times capacity as much is served as at capacity, and in bounded time", () => {
    const { loop } = setUp();
    const peak = loop.run(10_000, NORMAL_ONLY(0.95 * CAPACITY)).served[2];
    loop.run(5_000, NORMAL_ONLY(3 * CAPACITY));
    const { served, percentile } = loop.run(30_000, NORMAL_ONLY(3 * CAPACITY));
    assert.ok(served[2] / 3 > 0.9 * peak, `${served[2] / 3} against ${peak}`);
    assert.ok(percentile(0.99) < 20, `p99 ${percentile(0.99)} ms`);
    assert.equal(loop.begun, 1);
  });

  test("it does not swing: requests wait for half of the target all the time, so the loop never idles", () => {
    const { loop, delays } = setUp(100, 4_000, { serve: 0.8 });
    loop.run(1_500, NORMAL_ONLY(3));
    delays.length = 0;
    const served: number[] = [];
    for (let i = 0; i < 40; i++) served.push(loop.run(250, NORMAL_ONLY(3)).served[2]);
    assert.ok(Math.min(...delays) > 35 && Math.max(...delays) < 65, delays.join(" "));
    assert.ok(Math.min(...served) > 0.93 * Math.max(...served), served.join(" "));
  });

  test("each priority waits for its own part of the target, when it alone is too much", () => {
    for (const [priority, longest] of [100, 75, 50, 25].entries()) {
      const { loop, delays } = setUp(100);
      const perMs = [0, 0, 0, 0].with(priority, 2 * CAPACITY);
      loop.run(2_000, perMs);
      delays.length = 0;
      const { served } = loop.run(5_000, perMs);
      const mean = delays.reduce((sum, one) => sum + one, 0) / delays.length;
      assert.ok(Math.abs(mean - longest) < 12, `${mean} ms in place of ${longest}`);
      assert.ok(served[priority] / 5_000 > 0.8 * CAPACITY, `${served[priority] / 5_000} a millisecond`);
    }
  });

  test("low priority goes first, critical last", () => {
    const { loop } = setUp();
    const perMs = [0.2, 0.4, 1.2, 0.2].map((share) => share * CAPACITY);
    loop.run(5_000, perMs);
    const { served, offered, unsent } = loop.run(30_000, perMs);
    const shares = served.map((count, at) => count / (offered[at] - unsent[at]));
    assert.ok(shares[0] > 0.97 && shares[1] > 0.97, shares.join(" "));
    assert.ok(shares[2] > 0.3 && shares[2] < 0.9, shares.join(" "));
    assert.ok(shares[3] < 0.05, shares.join(" "));
  });

  test("critical requests alone are shed too, when they alone are too many", () => {
    const { loop, shed } = setUp();
    loop.run(10_000, [2 * CAPACITY, 0, 0, 0]);
    assert.ok(shed[0] > 0);
  });

  test("when the crowd is gone it ends, and answers whoever waits", () => {
    const { loop, shedder } = setUp();
    loop.run(5_000, NORMAL_ONLY(3 * CAPACITY));
    assert.equal(shedder.isOn, true);
    loop.run(4_000, NORMAL_ONLY(0.3 * CAPACITY));
    assert.equal(shedder.isOn, false);
    const { served, offered } = loop.run(1_000, NORMAL_ONLY(0.3 * CAPACITY));
    assert.equal(served[2], offered[2]);
  });

  test("a stall refuses nobody", () => {
    const { loop, shedder, shed } = setUp();
    loop.run(1_000, NORMAL_ONLY(1));
    loop.nowMs += 2_000;
    loop.run(5_000, NORMAL_ONLY(1));
    assert.deepEqual(shed, [0, 0, 0, 0]);
    assert.equal(shedder.isOn, false);
  });

  test("a crowd that is worked off in half a second refuses nobody", () => {
    const { loop, shed } = setUp();
    loop.run(1_000, NORMAL_ONLY(1));
    loop.run(20, NORMAL_ONLY(80));
    loop.run(5_000, NORMAL_ONLY(1));
    assert.deepEqual(shed, [0, 0, 0, 0]);
  });

  test("dear requests on thousands of connections wait for about the target, not for all the others", () => {
    const { loop } = setUp(100, 4_000, { serve: 0.8 });
    loop.run(5_000, NORMAL_ONLY(3.75));
    const { served, percentile } = loop.run(20_000, NORMAL_ONLY(3.75));
    // All that are in front of one: 3,200 ms.
    assert.ok(percentile(0.99) < 100, `p99 ${percentile(0.99)} ms`);
    assert.ok(served[2] / 20_000 > 0.85 * 1.25, `${served[2]} served`);
  });

  test("from the first seconds of a crowd on, what the loop has time for is served", () => {
    const { loop } = setUp(100, 4_000, { serve: 0.8 });
    const capacity = 1 / 0.82;
    loop.run(3_000, NORMAL_ONLY(0.2 * capacity));
    for (let crowd = 0; crowd < 3; crowd++) {
      const { served } = loop.run(2_500, NORMAL_ONLY(3 * capacity));
      assert.ok(served[2] / 2_500 > 0.88 * capacity, `${served[2] / 2_500} of ${capacity} a millisecond`);
      loop.run(7_000, NORMAL_ONLY(0.05));
    }
  });

  test("a loop that others keep from running refuses nobody while it has time for all", () => {
    const { loop, shed } = setUp(100, 2_000, { stolen: 150 });
    loop.run(60_000, NORMAL_ONLY(0.2));
    assert.deepEqual(shed, [0, 0, 0, 0]);
  });

  test("a loop that others keep from running serves what it has time for", () => {
    const { loop } = setUp(100, 2_000, { stolen: 40 });
    loop.run(10_000, NORMAL_ONLY(3));
    const { served } = loop.run(30_000, NORMAL_ONLY(3));
    assert.ok(served[2] / 30_000 > 0.75, `${served[2] / 30_000} of 1 a millisecond`);
  });

  test("a loop that is late for other reasons goes on serving a few", () => {
    const { loop, shedder } = setUp(20, 2_000, { other: 300 });
    const { served } = loop.run(60_000, NORMAL_ONLY(0.04));
    assert.equal(shedder.isOn, true);
    assert.ok(served[2] >= 0.95 * 2_400, `${served[2]} of 2400`);
  });

  test("a target of none looks at memory alone; short memory refuses low priority first", () => {
    const { loop, shedder, shed } = setUp(Infinity);
    loop.run(5_000, NORMAL_ONLY(3 * CAPACITY));
    assert.equal(shedder.isOn, false);
    shedder.setMemoryShare(0.5);
    loop.run(10_000, [0, 0, 0.5, 0.5]);
    const before = shed.slice();
    const { served, offered } = loop.run(10_000, [0, 0, 0.5, 0.5]);
    const shares = served.map((count, at) => count / offered[at]);
    assert.ok(shares[2] > 0.9, `${shares[2]} of the normal ones`);
    assert.ok(shares[3] < 0.1, `${shares[3]} of the low ones`);
    assert.ok(shed[3] > before[3]);
    shedder.setMemoryShare(0);
    loop.run(1_000, [1, 0, 0, 0]);
    assert.equal(loop.run(1_000, [1, 0, 0, 0]).served[0], 0);
    shedder.setMemoryShare(1);
    loop.run(3_000, [1, 0, 0, 0]);
    assert.equal(shedder.isOn, false);
  });
});
