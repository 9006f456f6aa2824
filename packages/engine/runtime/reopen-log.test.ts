import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { systemClock } from "../base/index.ts";
import { MetricsRegistry, WorkerLane } from "../observe/index.ts";
import { makeSharedTableMemory, SharedTable } from "../shared/index.ts";
import { DataPlane } from "./data-plane.ts";

test("an access log that cannot be reopened does not end the data plane", async () => {
  const logged: string[] = [];
  const plane = new DataPlane({
    lane: new WorkerLane(new MetricsRegistry().openLane(1, 0)),
    filters: new Map(),
    shared: new SharedTable(makeSharedTableMemory(16, 1, [0, 0]), 0, systemClock, 0),
    accessLog: {
      write() {},
      reopen: () => Promise.reject(new Error("no such folder")),
      close: () => Promise.resolve(),
    },
    log: (level, message, fields) => void logged.push(`${level} ${message}: ${String(fields?.["cause"])}`),
    reusePort: false,
    ticketKeys: randomBytes(48),
  });
  await plane.reopenLog();
  await plane.close();
  assert.deepEqual(logged, [
    "error the access log could not be reopened and goes on in the old file: no such folder",
  ]);
});
