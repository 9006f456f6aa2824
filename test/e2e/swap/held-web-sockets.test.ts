import assert from "node:assert/strict";
import { test } from "node:test";
import { runHeldWebSockets } from "./run-held-web-sockets.ts";

test("1,000 idle WebSockets are held through 100 changes of the configuration, and each still echoes", async () => {
  const report = await runHeldWebSockets(1_000, 100);
  assert.deepEqual(report.lost, [], JSON.stringify(report));
  assert.equal(report.openedLater, 10);
  assert.equal(report.held, 1_010);
});
