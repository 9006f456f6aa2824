import assert from "node:assert";
import { test } from "node:test";
import { Child } from "./children.ts";

const waitForEver = "setInterval(() => {}, 1000);";
const ready = "console.log('ready');";

function start(script: string, crashes: string[] = []): Child {
  return new Child({
    name: "probe",
    args: ["-e", script],
    onCrash: (how, lastLines) => crashes.push(how, ...lastLines),
  });
}

const isReady = (line: string): true | undefined => (line === "ready" ? true : undefined);

test("a child that ends at SIGTERM is no crash and needs no kill", async () => {
  const crashes: string[] = [];
  const child = start(`process.on('SIGTERM', () => process.exit(0)); ${waitForEver} ${ready}`, crashes);
  await child.waitForLine(isReady);
  assert.strictEqual(await child.stop(30_000), false);
  assert.deepStrictEqual(crashes, []);
});

test("a child that ignores SIGTERM is killed with everything it started", async () => {
  const grandchild = `require('node:child_process').spawn(process.execPath, ['-e', '${waitForEver}'], { stdio: 'inherit' });`;
  const child = start(`process.on('SIGTERM', () => {}); ${grandchild} ${waitForEver} ${ready}`);
  await child.waitForLine(isReady);
  // Resolves only when nobody holds the child's output any more, the grandchild neither.
  assert.strictEqual(await child.stop(10), true);
});

test("an end that nobody asked for is told, with the last lines", async () => {
  const crashes: string[] = [];
  const child = start("console.error('out of thread'); process.exitCode = 3", crashes);
  await assert.rejects(child.waitForLine(isReady), /probe ended before it was ready/);
  assert.deepStrictEqual(crashes, ["exit code 3", "out of thread"]);
  assert.ok(child.hasEnded);
  assert.strictEqual(await child.stop(1_000), false);
});
