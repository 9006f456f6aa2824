import assert from "node:assert";
import { test } from "node:test";
import { cases } from "./cases.ts";
import type { Row } from "./run-case.ts";
import { summarise, type Summary } from "./summary.ts";

function row(its: string, proxy: string, cpuMicros: number[], problems: string[] = []): Row {
  const rest = {
    requestsPerSecond: 1000,
    p99Ms: 2,
    residentBytes: 50e6,
    utilisation: 0.9,
    disturbance: 0,
    problems: [],
  };
  const windows = cpuMicros.map((each) => ({ ...rest, cpuMicros: each, partMicros: [each, each - 1] }));
  return { case: its, proxy, windows, problems };
}

function find(summaries: Summary[], its: string, proxy: string): Summary {
  return summaries.find((each) => each.case === its && each.proxy === proxy) as Summary;
}

test("ratios are those of medians, to the better of nginx and HAProxy", () => {
  const rows = [
    row("plain", "heddle", [11, 12, 90]),
    row("plain", "nginx", [10, 10, 11]),
    row("plain", "haproxy", [12, 12, 12]),
    row("plain", "caddy", [60, 60, 60]),
  ];
  const heddle = find(summarise(rows, cases), "plain", "heddle");
  assert.equal(heddle.cpuMicros, 12);
  assert.equal(heddle.ratio, 1.2);
  assert.equal(heddle.ratioToCaddy, 0.2);
  assert.equal(heddle.quietMicros, 11);
  assert.equal(heddle.quietRatio, 11 / 9);
  assert.deepEqual(
    heddle.verdicts.map(({ isMet }) => isMet),
    [true, true],
  );
});

test("a row over its target says so", () => {
  const rows = [row("plain", "heddle", [13]), row("plain", "nginx", [10])];
  const [verdict] = find(summarise(rows, cases), "plain", "heddle").verdicts;
  assert.deepEqual(verdict, { text: "C 1.30 OVER 1.25", isMet: false });
});

test("a row with errors is invalid and is compared with nothing", () => {
  const rows = [
    row("plain", "heddle", [11]),
    row("plain", "nginx", [10], ["3 socket errors"]),
    row("plain", "haproxy", [11]),
  ];
  const summaries = summarise(rows, cases);
  assert.equal(find(summaries, "plain", "nginx").state, "invalid");
  assert.equal(find(summaries, "plain", "nginx").ratio, undefined);
  assert.equal(find(summaries, "plain", "heddle").ratio, 1);
});

test("a proxy that never served is failed, and its absence leaves the ratio out", () => {
  const rows = [row("plain", "heddle", [11]), row("plain", "nginx", [], ["nginx is not installed"])];
  const summaries = summarise(rows, cases);
  assert.equal(find(summaries, "plain", "nginx").state, "failed");
  assert.equal(find(summaries, "plain", "heddle").ratio, undefined);
  assert.deepEqual(find(summaries, "plain", "heddle").verdicts, []);
});

test("what watches over endpoints is compared with Heddle's plain row of the same rounds", () => {
  const rows = [
    row("plain", "heddle", [5]),
    row("resilience", "heddle, plain", [10]),
    row("resilience", "heddle", [10.9]),
  ];
  const { verdicts } = find(summarise(rows, cases), "resilience", "heddle");
  assert.deepEqual(verdicts, [{ text: "plain 1.09 OVER 1.08", isMet: false }]);
});

test("10,000 routes are compared with Heddle's plain row, two workers with one", () => {
  const rows = [
    row("routes10k", "heddle, plain", [10]),
    row("routes10k", "heddle", [11]),
    row("workers2", "heddle, 1 worker", [10]),
    row("workers2", "heddle, 2 workers", [10.5]),
  ];
  const summaries = summarise(rows, cases);
  assert.equal(find(summaries, "routes10k", "heddle").verdicts[0]?.text, "plain 1.10 OVER 1.05");
  assert.equal(find(summaries, "workers2", "heddle, 2 workers").verdicts[0]?.text, "one worker 1.05 ≤ 1.1");
});
