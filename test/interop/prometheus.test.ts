import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { before, describe, it } from "node:test";

const ROOT = join(import.meta.dirname, "../..");
const PRINT_SAMPLE = join(ROOT, "packages/heddle/exporters/prometheus/print-sample.suite.ts");

/** What promtool, which reads as Prometheus itself does and lints besides, says of an exposition. */
function checkMetrics(text: string): { status: number | null; output: string } {
  const result = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
  assert.equal(result.error, undefined, "promtool is not installed: install the package prometheus");
  return { status: result.status, output: result.stdout + result.stderr };
}

describe("promtool check metrics", () => {
  let text = "";
  before(() => {
    const printed = spawnSync(process.execPath, [PRINT_SAMPLE], { encoding: "utf8" });
    assert.equal(printed.status, 0, printed.stderr);
    text = printed.stdout;
  });

  it("accepts every metric that Heddle renders and labels of any text, with nothing to improve", () => {
    assert.deepEqual(checkMetrics(text), { status: 0, output: "" });
  });

  it("refuses the same with one label broken, so the check above can fail", () => {
    assert.notEqual(checkMetrics(text.replace('code_class="2xx"', 'code_class="2xx')).status, 0);
  });
});
