/**
 * Workers, the current Snapshot, swaps, drain: the data plane as its owner starts and feeds it. `Engine` is the
 * main thread's end, `runWorker` a worker thread's, `DataPlane` what runs in either.
 */
export { DataPlane } from "./data-plane.ts";
export type { DataPlaneOptions } from "./data-plane.ts";
export { Engine } from "./engine.ts";
export type { ApplyReport, EngineOptions } from "./engine.ts";
export type { AccessLogOptions, ListenerReport, ListenerSockets, Log, LogLevel } from "./messages.ts";
export { giveBackMemory } from "./give-back-memory.ts";
export type { AccessLog } from "./plane-observer.ts";
export { runWorker } from "./worker.ts";
export type { WorkerParts } from "./worker.ts";
