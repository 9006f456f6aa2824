/**
 * Workers, the current Snapshot, swaps, drain: the data plane as its owner starts and feeds it. `Engine` is the
 * main thread's end, `runWorker` (`worker/index.ts`) a worker thread's, `DataPlane` what runs in either.
 */
export { Engine } from "./engine.ts";
export type { ApplyReport, EngineOptions } from "./engine.ts";
export type { AccessLogOptions, ListenerReport, ListenerSockets, Log, LogLevel } from "./messages.ts";
export { tuneRuntime } from "./tune-runtime.ts";
export { giveBackMemory } from "./give-back-memory.ts";
export type { AccessLog } from "./plane-observer.ts";
