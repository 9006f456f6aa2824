import assert from "node:assert/strict";
import { test } from "node:test";
import { RetryBudget } from "./retry-budget.ts";

function take(budget: RetryBudget, nowMs: number, wanted: number): number {
  let taken = 0;
  while (taken < wanted && budget.withdraw(nowMs)) taken++;
  return taken;
}

test("without traffic the floor per second is all there is, three seconds of it at once, and it fills again", () => {
  const budget = new RetryBudget(0.2, 10);
  assert.equal(take(budget, 0, 100), 30);
  assert.equal(take(budget, 500, 100), 5);
  assert.equal(take(budget, 60_000, 100), 30);
});

test("requests deposit a share of a retry each", () => {
  const budget = new RetryBudget(0.25, 0);
  assert.equal(take(budget, 0, 10), 0);
  for (let i = 0; i < 100; i++) budget.deposit();
  assert.equal(take(budget, 0, 100), 25);
  assert.equal(take(budget, 1, 100), 0);
});

test("what is not used within the window is lost", () => {
  const budget = new RetryBudget(0.2, 0);
  budget.withdraw(0);
  for (let i = 0; i < 1_000; i++) budget.deposit();
  const left = take(budget, 30_000, 1_000);
  assert.ok(left <= 10, `${left} retries of 200 are left after three windows`);
});

test("the window is as long as it is set to", () => {
  const long = new RetryBudget(0.2, 0, 60_000);
  long.withdraw(0);
  for (let i = 0; i < 1_000; i++) long.deposit();
  const left = take(long, 30_000, 1_000);
  assert.ok(left > 100, `${left} retries of 200 are left after half a window`);
});

test("a clock that steps back takes nothing away and gives nothing", () => {
  const budget = new RetryBudget(0, 2);
  assert.equal(take(budget, 1_000, 10), 6);
  assert.equal(take(budget, 500, 10), 0);
});
