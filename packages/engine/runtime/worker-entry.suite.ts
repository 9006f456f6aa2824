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

/** Answers, and leaves a call to the cluster "app" behind. */
export const callsAside: FilterFactory = {
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
      [callsAside.name, callsAside],
    ]),
    openAccessLog: () => Promise.reject(new Error("no access log here")),
  });
}
