import assert from "node:assert/strict";
import { test } from "node:test";
import { describeResult, runStep } from "./step.ts";

const node = (name: string, script: string) => ({ name, command: process.execPath, args: ["-e", script] });

test("a step that ends with 0 is ok, and its line has no output", async () => {
  const result = await runStep(node("lint", 'console.log("noise")'), ".");
  assert.equal(result.ok, true);
  assert.match(describeResult(result), /^ok {5}lint +\d+\.\d s$/);
});

test("a step that fails shows what it printed on both streams", async () => {
  const result = await runStep(
    node("types", 'console.log("out"); console.error("err"); process.exit(2)'),
    ".",
  );
  assert.equal(result.ok, false);
  const lines = describeResult(result).split("\n");
  assert.match(lines[0] ?? "", /^FAILED types/);
  assert.deepEqual(lines.slice(1).sort(), ["  err", "  out"]);
});

test("a step that dies by a signal fails", async () => {
  const result = await runStep(node("unit", 'process.kill(process.pid, "SIGKILL")'), ".");
  assert.equal(result.ok, false);
});

test("a command that cannot start fails and is named", async () => {
  const result = await runStep({ name: "x", command: "no-such-command", args: [] }, ".");
  assert.equal(result.ok, false);
  assert.match(result.output, /cannot start no-such-command/);
});
