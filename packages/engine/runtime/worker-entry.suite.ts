import { isMainThread, workerData } from "node:worker_threads";
import type { FilterFactory } from "../filter/index.ts";
import { Fields, RequestHead } from "../message/index.ts";
import { usesRawWrites } from "../net/index.ts";
import { runWorker } from "./worker.ts";

/** A filter that ends its thread: it throws where nobody catches. */
export const crash: FilterFactory = {
  name: "crash",
  create: () => ({
    name: "crash",
    requestHead() {
      setImmediate(() => {
        throw new Error("crash on purpose");
      });
    },
  }),
};

const workerNumber = (): number => (workerData as { worker: number }).worker;

/** Says which thread answers, and how it writes. */
export const whoami: FilterFactory = {
  name: "whoami",
  create: () => ({
    name: "whoami",
    requestHead: () => ({
      status: 200,
      headers: [],
      body: JSON.stringify({ isMainThread, worker: workerNumber(), rawWrites: usesRawWrites() }),
    }),
  }),
};

/** Takes one more place that it never gives back, and says how many are taken in all workers. */
export const holds: FilterFactory = {
  name: "holds",
  create: (_config, { shared }) => ({
    name: "holds",
    requestHead() {
      const nowMs = shared.nowMs();
      const entry = shared.take(1, 2, 0, nowMs, nowMs + 3_600_000);
      let count = shared.state(entry);
      while (!shared.swap(entry, count, count + 1)) count = shared.state(entry);
      shared.note(entry);
      return { status: 200, headers: [], body: String(count + 1) };
    },
  }),
};

/** Answers, and leaves a call to the cluster "app" behind. */
const callsAside: FilterFactory = {
  name: "calls-aside",
  create: (_config, context) => ({
    name: "calls-aside",
    requestHead() {
      context.call("app", new RequestHead("GET", "http", "a", "/aside", "", new Fields()), {});
      return { status: 200, headers: [], body: "" };
    },
  }),
};

// The worker's entry module: what `app/` is for the real thing.
if (!isMainThread) {
  await runWorker({
    filters: new Map([
      [crash.name, crash],
      [whoami.name, whoami],
      [holds.name, holds],
      [callsAside.name, callsAside],
    ]),
    openAccessLog: () => Promise.reject(new Error("no access log here")),
  });
}
