/**
 * What runs in a worker thread: a door of its own, so that the main thread, which only starts workers and feeds them, has
 * none of the request path's code.
 */
export { runWorker } from "../worker.ts";
export type { WorkerParts } from "../worker.ts";
