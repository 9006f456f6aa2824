import assert from "node:assert/strict";
import { test } from "node:test";
import { runHeldWebSockets } from "../e2e/swap/run-held-web-sockets.ts";

test("10,000 idle WebSockets are held through 100 changes of the configuration, and each still echoes", async (context) => {
  const report = await runHeldWebSockets(10_000, 100);
  context.diagnostic(JSON.stringify(report));
  assert.deepEqual(report.lost, [], JSON.stringify(report));
  assert.equal(report.openedLater, 10);
  const [before, after] = report.residentBytes;
  assert.ok(after < before * 1.5, `memory grew from ${before} to ${after} bytes`);
});
