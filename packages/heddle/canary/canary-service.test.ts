import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "@heddle/testkit";
import type { CanaryPlan } from "../compile/index.ts";
import { FakeTotals, makePlan, policy } from "./canary.suite.ts";
import { CanaryService } from "./canary-service.ts";
import type { CanaryState } from "./canary-state.ts";

class Rig {
  readonly clock: FakeClock;
  readonly totals = new FakeTotals();
  readonly logs: string[] = [];
  saved: ReadonlyMap<string, CanaryState>;
  refreshes = 0;
  readonly service: CanaryService;

  constructor(saved: ReadonlyMap<string, CanaryState> = new Map(), wallMs?: number) {
    this.clock = new FakeClock(wallMs);
    this.saved = saved;
    this.service = new CanaryService({
      clock: this.clock,
      registry: this.totals,
      saved,
      save: (states) => (this.saved = states),
      log: (level, message) => this.logs.push(`${level} ${message}`),
      refresh: async () => void this.refreshes++,
    });
  }

  want(...plans: CanaryPlan[]): boolean {
    return this.service.want(plans);
  }

  get weight(): number | undefined {
    return this.service.weights.get("shop/orders/0");
  }

  /** Ten seconds with so many requests to each. */
  interval(canary: number, errors = 0, stable = 1_000): void {
    this.totals.count("v2", canary, errors);
    this.totals.count("v1", stable);
    this.clock.advance(10_000);
  }
}

test("a good canary goes from step to step, and is promoted", () => {
  const rig = new Rig();
  assert.equal(rig.want(makePlan()), false, "compile begins with the first step by itself");
  assert.equal(rig.weight, 5);
  for (let i = 0; i < 5; i++) rig.interval(200);
  assert.equal(rig.weight, 5, "the pause is not over");
  rig.interval(200);
  assert.equal(rig.weight, 50);
  for (let i = 0; i < 6; i++) rig.interval(2_000);
  assert.equal(rig.weight, 100);
  assert.deepEqual(rig.service.conditionOf(policy), {
    type: "Canary",
    status: "True",
    reason: "Promoted",
    message:
      "shop/orders/0: promoted, 100 %: 2000 requests, 0 % errors, p99 20 ms; stable: 1000 requests, 0 % errors, p99 20 ms",
  });
  assert.equal(rig.clock.pendingTimers, 0, "nothing is looked at any more");
  rig.want(makePlan());
  assert.equal(rig.weight, 100);
});

test("a promotion after a quiet moment tells the figures that it was judged by", () => {
  const rig = new Rig();
  rig.want(makePlan());
  for (let i = 0; i < 6; i++) rig.interval(200);
  assert.equal(rig.weight, 50);
  for (let i = 0; i < 5; i++) rig.interval(2_000);
  rig.interval(0, 0, 0);
  assert.equal(rig.weight, 100);
  assert.match(
    rig.service.conditionOf(policy)!.message,
    /promoted, 100 %: 2000 requests, .*stable: 1000 requests/,
  );
});

test("a promotion at the look after a good one is put in force, though its figures are known", () => {
  const rig = new Rig();
  rig.want(makePlan());
  for (let i = 0; i < 6; i++) rig.interval(200);
  assert.equal(rig.weight, 50);
  for (let i = 0; i < 4; i++) rig.interval(0, 0, 0);
  rig.interval(200);
  const { refreshes } = rig;
  rig.interval(0, 0, 0);
  assert.equal(rig.weight, 100);
  assert.equal(rig.refreshes, refreshes + 1);
});

test("a bad canary gets no requests from the next look on", () => {
  const rig = new Rig();
  rig.want(makePlan());
  rig.interval(200, 10);
  assert.equal(rig.weight, 0);
  assert.ok(rig.refreshes > 0);
  const { status, reason, message } = rig.service.conditionOf(policy)!;
  assert.deepEqual([status, reason], ["False", "RolledBack"]);
  assert.match(message, /rolled back in step 1 of 2, 0 %: 5 % errors, of which at most 1 % are allowed/);
  assert.match(rig.logs.at(-1)!, /^warn canary of shop\/orders\/0: rolled back/);
});

test("good hours do not hide a bad minute", () => {
  const rig = new Rig();
  rig.want(makePlan({ steps: [{ weight: 5, pauseMs: 86_400_000 }] }));
  for (let i = 0; i < 100; i++) rig.interval(10_000);
  assert.equal(rig.weight, 5);
  rig.interval(200, 10);
  assert.equal(rig.weight, 0, "10 of 1,000,200");
});

test("without enough requests a step goes on, and few of them add up", () => {
  const rig = new Rig();
  rig.want(makePlan());
  for (let i = 0; i < 9; i++) rig.interval(10);
  assert.equal(rig.weight, 5);
  assert.match(rig.service.conditionOf(policy)!.message, /too few to judge: 90 requests/);
  rig.interval(10);
  assert.equal(rig.weight, 50, "a hundred in all, and the pause has long been over");
});

test("what went before does not count", () => {
  const rig = new Rig();
  rig.totals.count("v2", 1_000, 1_000);
  rig.want(makePlan());
  rig.interval(200);
  assert.equal(rig.weight, 5);
});

test("a restart goes on with the step, a rollback stays, and another revision begins anew", () => {
  const first = new Rig();
  first.want(makePlan());
  for (let i = 0; i < 6; i++) first.interval(200);
  assert.equal(first.weight, 50);

  const second = new Rig(first.saved, first.clock.wallMs());
  assert.equal(second.want(makePlan()), true, "compile had the first step");
  assert.equal(second.weight, 50);
  second.interval(200, 200);
  assert.equal(second.weight, 0);

  const third = new Rig(second.saved, second.clock.wallMs());
  third.want(makePlan());
  assert.equal(third.weight, 0);
  assert.equal(third.want(makePlan({ revision: "2" })), true);
  assert.equal(third.weight, 5);
});

test("several canaries are kept apart, and those that left are forgotten", () => {
  const rig = new Rig();
  const other = makePlan({ id: "shop/cart/0", stable: ["c1"], canary: ["c2"] });
  rig.want(makePlan(), other);
  assert.deepEqual([...rig.saved.keys()], ["shop/orders/0", "shop/cart/0"]);
  rig.interval(200, 200);
  assert.deepEqual(
    [...rig.service.weights],
    [
      ["shop/orders/0", 0],
      ["shop/cart/0", 5],
    ],
  );
  const { reason } = rig.service.conditionOf(policy)!;
  assert.equal(reason, "RolledBack", "the worst of a policy is its state");
  rig.want(other);
  assert.deepEqual([...rig.saved.keys()], ["shop/cart/0"]);
  rig.service.close();
  assert.equal(rig.clock.pendingTimers, 0);
});

test("saved states of several canaries are all found again", () => {
  const first = new Rig();
  const other = makePlan({ id: "shop/cart/0", stable: ["c1"], canary: ["c2"] });
  first.want(makePlan(), other);
  first.totals.count("c2", 200, 200);
  first.interval(200, 200);
  const second = new Rig(first.saved, first.clock.wallMs());
  second.want(makePlan(), other);
  assert.deepEqual([...second.service.weights.values()], [0, 0]);
});
