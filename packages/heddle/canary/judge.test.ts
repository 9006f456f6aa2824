import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeTotals, makePlan } from "./canary.suite.ts";
import { countsBetween, latencyP99, readCounts } from "./figures.ts";
import { describeCounts, judge } from "./judge.ts";

const { analysis } = makePlan();

function counts(...args: [requests: number, errors?: number, bucket?: number]) {
  const totals = new FakeTotals();
  totals.count("c", ...args);
  return readCounts(totals, ["c"]);
}

const reasonOf = (verdict: ReturnType<typeof judge>) =>
  verdict.kind === "breach" ? verdict.reason : verdict.kind;

test("errors above their bound are a breach, at it they are not", () => {
  assert.equal(judge(analysis, counts(1_000, 10), counts(0)).kind, "good");
  assert.match(reasonOf(judge(analysis, counts(1_000, 11), counts(0))), /^1\.1 % errors/);
});

test("with too few requests nothing is said", () => {
  assert.equal(judge(analysis, counts(99, 99), counts(0)).kind, "too-few");
});

test("gRPC calls that fail count as errors", () => {
  const totals = new FakeTotals();
  totals.countGrpcErrors("c", 200);
  assert.equal(judge(analysis, readCounts(totals, ["c"]), counts(0)).kind, "breach");
});

test("latency is held to a bound of its own, and to a ratio where there is enough to compare with", () => {
  const bound = { ...analysis, maxLatencyP99Ms: 50 };
  assert.equal(judge(bound, counts(100, 0, 5), counts(0)).kind, "good");
  assert.match(reasonOf(judge(bound, counts(100, 0, 7), counts(0))), /^p99 100 ms/);
  const ratio = { ...analysis, maxLatencyRatio: 1.5 };
  assert.match(reasonOf(judge(ratio, counts(100, 0, 6), counts(100, 0, 5))), /2\.5 times the stable/);
  assert.equal(judge(ratio, counts(100, 0, 6), counts(99, 0, 5)).kind, "good");
  assert.equal(judge(ratio, counts(100, 0, 5), counts(100, 0, 5)).kind, "good");
});

test("p99 lies in the bucket that has it, in proportion", () => {
  const totals = new FakeTotals();
  totals.count("c", 98, 0, 5);
  totals.count("c", 2, 0, 7);
  assert.equal(latencyP99(readCounts(totals, ["c"])), 75);
  assert.equal(latencyP99(counts(0)), 0);
  assert.equal(latencyP99(counts(10, 0, 18)), 60_000, "above the last bound it is at least that");
});

test("clusters of several Gateways are counted together, and one that began again from 0", () => {
  const totals = new FakeTotals();
  totals.count("a", 10, 1);
  totals.count("b", 5);
  const both = readCounts(totals, ["a", "b", "missing"]);
  assert.equal(describeCounts(both), "15 requests, 6.67 % errors, p99 20 ms");
  const fresh = readCounts(totals, ["b"]);
  assert.equal(countsBetween(both, fresh).requests, 5);
});
