import assert from "node:assert/strict";
import { test } from "node:test";
import { groupTestFiles, needsOwnProcess } from "./groups.ts";

test("files of a package go together, those with sockets apart, those that are alone in a group of one", () => {
  const files = [
    "packages/engine/a/a.test.ts",
    "packages/engine/a/b.net.test.ts",
    "packages/engine/b/alone.test.ts",
    "packages/engine/b/c.test.ts",
    "packages/engine/b/d.net.test.ts",
    "packages/heddle/a/e.test.ts",
  ];
  const groups = groupTestFiles(files, (file) => file.includes("alone"));
  assert.deepEqual(
    groups.map((group) => group.files),
    [
      ["packages/engine/a/a.test.ts", "packages/engine/b/c.test.ts"],
      ["packages/engine/a/b.net.test.ts", "packages/engine/b/d.net.test.ts"],
      ["packages/engine/b/alone.test.ts"],
      ["packages/heddle/a/e.test.ts"],
    ],
  );
});

test("each file is in one group, no group has more than 16, and no two have the same name", () => {
  const files = Array.from({ length: 100 }, (_, at) => `packages/engine/a/${at}.test.ts`);
  const groups = groupTestFiles(files, (file) => file.includes("7"));
  assert.deepEqual(groups.flatMap((group) => group.files).toSorted(), files.toSorted());
  assert.ok(groups.every((group) => group.files.length <= 16));
  assert.equal(new Set(groups.map(({ name }) => name)).size, groups.length);
});

test("hooks of a file, the environment, memory, threads, children and a watch for leaks need a process", () => {
  for (const text of [
    "import x;\nbeforeEach(() => {",
    'process.env["X"] = "y"',
    "process.memoryUsage()",
    'import { Worker } from "node:worker_threads";',
    'import { spawn } from "node:child_process";',
    "await using heddle = await startHeddle();",
    "const assertNothingLeft = watchForLeaks();",
  ]) {
    assert.ok(needsOwnProcess(text), text);
  }
});

test("hooks of a suite and what only reads do not", () => {
  assert.ok(!needsOwnProcess('describe("x", () => {\n  beforeEach(() => {});\n});\nprocess.nextTick(done);'));
});
