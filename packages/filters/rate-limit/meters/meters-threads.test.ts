import assert from "node:assert/strict";
import { test } from "node:test";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { systemClock } from "@heddle/engine/base";
import { makeSharedTableMemory, monotonicOffsetMs, SharedTable } from "@heddle/engine/shared";
import type { SharedTableMemory } from "@heddle/engine/shared";
import type { MeterConfig } from "../config.ts";
import { makeMeter } from "./make-meter.ts";
import { Use } from "./meter.ts";

const THREADS = 3;
const TRIES = 20_000;

interface Job {
  readonly memory: SharedTableMemory;
  readonly slot: number;
  readonly gate: SharedArrayBuffer;
  readonly config: MeterConfig;
}

/** Asks as fast as it can; how often it was let through, and when. What is concurrent is given back now and then. */
function hammer({ memory, slot, gate, config }: Job): {
  passed: number;
  fromMs: number;
  toMs: number;
  most: number;
} {
  const table = new SharedTable(memory, slot, systemClock, monotonicOffsetMs());
  const meter = makeMeter(config, 1, table, table.hashFor("limit"));
  const ready = new Int32Array(gate);
  Atomics.add(ready, 0, 1);
  while (Atomics.load(ready, 0) < THREADS) Atomics.wait(ready, 1, 0, 1);
  const fromMs = table.nowMs();
  let passed = 0;
  let most = 0;
  for (let i = 0; i < TRIES; i++) {
    const use = new Use();
    [use.hi, use.lo] = [1, 2];
    if (!meter.charge(use, table.nowMs(), systemClock.wallMs())) continue;
    passed++;
    if (config.kind !== "concurrency") continue;
    // How many are in flight by a count of their own, beside the meter's.
    most = Math.max(most, Atomics.add(ready, 2, 1) + 1);
    Atomics.sub(ready, 2, 1);
    meter.release(use, table.nowMs());
  }
  return { passed, fromMs, toMs: table.nowMs(), most };
}

async function run(config: MeterConfig) {
  const memory = makeSharedTableMemory(1_024, THREADS, [3, 4]);
  const gate = new SharedArrayBuffer(12);
  const results = await Promise.all(
    Array.from({ length: THREADS }, (_, slot) => {
      const thread = new Worker(new URL(import.meta.url), {
        workerData: { memory, slot, gate, config } satisfies Job,
      });
      return new Promise<ReturnType<typeof hammer>>((resolve, reject) => {
        thread.on("message", resolve).on("error", reject);
      });
    }),
  );
  const passed = results.reduce((sum, one) => sum + one.passed, 0);
  const elapsedMs =
    Math.max(...results.map(({ toMs }) => toMs)) - Math.min(...results.map(({ fromMs }) => fromMs));
  return { passed, elapsedMs, most: Math.max(...results.map(({ most }) => most)) };
}

if (!isMainThread) {
  parentPort!.postMessage(hammer(workerData as Job));
} else {
  test("threads at once: a quota is let through exactly", async () => {
    assert.equal((await run({ kind: "fixed-window", quota: 7_001, unit: "month" })).passed, 7_001);
  });

  test("threads at once: a bucket gives what it has and what comes to it, and no more", async () => {
    const { passed, elapsedMs } = await run({
      kind: "token-bucket",
      tokens: 2_000,
      periodMs: 1_000,
      burst: 3_000,
    });
    assert.ok(passed >= 3_000 && passed <= 3_000 + Math.ceil(elapsedMs * 2), `${passed} in ${elapsedMs} ms`);
  });

  test("threads at once: a sliding window is exact while it does not move", async () => {
    const { passed, elapsedMs } = await run({ kind: "sliding-window", quota: 4_000, windowMs: 3_600_000 });
    assert.ok(elapsedMs < 400_000);
    assert.equal(passed, 4_000);
  });

  test("threads at once: a sliding window whose slices change all the time is never exceeded", async () => {
    // Over in many slices; no stretch of the window's length has more than its quota, so neither have so many of them.
    const { passed, elapsedMs } = await run({ kind: "sliding-window", quota: 50, windowMs: 100 });
    assert.ok(passed >= 50 && passed <= 50 * Math.ceil(elapsedMs / 100 + 1), `${passed} in ${elapsedMs} ms`);
  });

  test("threads at once: no more are in flight than may be", async () => {
    const { passed, most } = await run({ kind: "concurrency", quota: 2 });
    assert.ok(most <= 2, `${most}`);
    assert.ok(passed > 0);
  });
}
