import assert from "node:assert";
import { test } from "node:test";
import { largestSample } from "./metrics.ts";

const text = `# HELP delay_max_seconds longest delay
# TYPE delay_max_seconds gauge
delay_max_seconds{worker="0"} 0.0021
delay_max_seconds{worker="1 {x} y"} 4.5e-3 1700000000
delay_max_seconds_total{worker="0"} 99
plain_total 12
`;

test("the largest over all workers is taken, labels and timestamps left aside", () => {
  assert.equal(largestSample(text, "delay_max_seconds"), 0.0045);
  assert.equal(largestSample(text, "plain_total"), 12);
});

test("a metric that is absent, or has no value, is undefined", () => {
  assert.equal(largestSample(text, "other"), undefined);
  assert.equal(largestSample('delay{worker="0"} NaN\n', "delay"), undefined);
});
