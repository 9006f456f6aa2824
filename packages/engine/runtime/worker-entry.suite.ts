import { isMainThread } from "node:worker_threads";
import type { FilterFactory } from "../filter/index.ts";
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

/** Says which thread answers, and how it writes. */
export const whoami: FilterFactory = {
  name: "whoami",
  create: () => ({
    name: "whoami",
    requestHead: () => ({
      status: 200,
      headers: [],
      body: JSON.stringify({ isMainThread, rawWrites: usesRawWrites() }),
    }),
  }),
};

// The worker's entry module: what `app/` is for the real thing.
if (!isMainThread) {
  await runWorker({
    filters: new Map([
      [crash.name, crash],
      [whoami.name, whoami],
    ]),
    openAccessLog: () => Promise.reject(new Error("no access log here")),
  });
}
