import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { Family, labels } from "../../packages/heddle/exporters/prometheus/exposition.ts";
import { readProcessFacts, renderMetrics } from "../../packages/heddle/exporters/index.ts";
import { sampleRegistry } from "../../packages/heddle/exporters/prometheus/sample-registry.suite.ts";

/** What promtool, which reads as Prometheus itself does and lints besides, says of an exposition. */
function checkMetrics(text: string): { status: number | null; output: string } {
  const result = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
  if (result.error !== undefined) {
    assert.fail("promtool is not installed: install the package prometheus");
  }
  return { status: result.status, output: result.stdout + result.stderr };
}

describe("promtool check metrics", () => {
  it("accepts everything that Heddle renders, and has nothing to improve", () => {
    const { status, output } = checkMetrics(renderMetrics(sampleRegistry(), readProcessFacts("0.1.0")));
    assert.deepEqual([status, output], [0, ""]);
  });

  it("accepts labels of any text", () => {
    const family = new Family("heddle_any_total", "counter", "Anything.");
    for (const value of ['"', "\\", "\n", "\\n", 'a"},b="', "é", "日本", "#", " "]) {
      family.sample(labels([["value", value]]), 1);
    }
    assert.deepEqual(checkMetrics(family.text), { status: 0, output: "" });
  });

  it("refuses a broken exposition, so the checks above can fail", () => {
    assert.notEqual(checkMetrics('heddle_x_total{a="b} 1\n').status, 0);
  });
});
