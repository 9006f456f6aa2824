import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { test } from "node:test";

const FILES = ["requests", "upgrades", "upstream-faults", "stream-passthrough"];

test("requests, tunnels, faults and streams hold on the writer of other runtimes too", async () => {
  const files = FILES.map((name) => path.join(import.meta.dirname, `${name}.net.test.ts`));
  const child = spawn(process.execPath, ["--test", "--test-concurrency=1", ...files], {
    env: { ...process.env, HEDDLE_RAW_WRITES: "0", NODE_TEST_CONTEXT: undefined },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (text: Buffer) => (output += text.toString()));
  const [code] = (await once(child, "exit")) as [number];
  assert.equal(code, 0, output);
});
