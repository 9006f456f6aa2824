import assert from "node:assert/strict";
import { test } from "node:test";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { systemClock } from "../base/index.ts";
import { makeSharedTableMemory } from "./memory.ts";
import type { SharedTableMemory } from "./memory.ts";
import { SharedTable } from "./shared-table.ts";
import { monotonicOffsetMs } from "./monotonic.ts";

const KEYS = 2_000;
const ROUNDS = 50;
const THREADS = 3;

interface Job {
  readonly memory: SharedTableMemory;
  readonly slot: number;
  readonly gate: SharedArrayBuffer;
}

/** Adds one to each of the keys, over and over, making them where they are not there. */
function count({ memory, slot, gate }: Job): void {
  const table = new SharedTable(memory, slot, systemClock, monotonicOffsetMs());
  const ready = new Int32Array(gate);
  Atomics.add(ready, 0, 1);
  while (Atomics.load(ready, 0) < THREADS) Atomics.wait(ready, 1, 0, 1);
  for (let round = 0; round < ROUNDS; round++) {
    for (let key = 0; key < KEYS; key++) {
      const nowMs = table.nowMs();
      const entry = table.take(
        Math.imul(key, 0x9e3779b1),
        Math.imul(key + 7, 0x85ebca6b),
        0,
        nowMs,
        nowMs + 60_000,
      );
      if (entry < 0) throw new Error("no room");
      for (;;) {
        const state = table.state(entry);
        if (table.swap(entry, state, state + 1)) break;
      }
    }
  }
  parentPort!.postMessage("done");
}

if (!isMainThread) {
  count(workerData as Job);
} else {
  test("threads that make and count the same keys at once lose nothing, and make none twice", async () => {
    const memory = makeSharedTableMemory(8_192, THREADS, [3, 4]);
    const gate = new SharedArrayBuffer(8);
    const threads = Array.from(
      { length: THREADS },
      (_, slot) => new Worker(new URL(import.meta.url), { workerData: { memory, slot, gate } satisfies Job }),
    );
    await Promise.all(
      threads.map(
        (thread) => new Promise((resolve, reject) => thread.on("exit", resolve).on("error", reject)),
      ),
    );
    const table = new SharedTable(memory, 0, systemClock, monotonicOffsetMs());
    for (let key = 0; key < KEYS; key++) {
      const entry = table.find(Math.imul(key, 0x9e3779b1), Math.imul(key + 7, 0x85ebca6b), table.nowMs());
      assert.notEqual(entry, -1);
      assert.equal(table.state(entry), ROUNDS * THREADS, `key ${key}`);
    }
  });
}
