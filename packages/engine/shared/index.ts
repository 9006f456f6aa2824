/**
 * Memory that the workers of a process share for state that must be one: numbers by key, in a table of fixed size. One
 * SharedTable per worker, over memory that the engine makes at its start; filters reach it as `FilterContext.shared`.
 */
export { KeyHash } from "./key-hash.ts";
export { DEFAULT_ENTRIES, makeSharedTableMemory } from "./memory.ts";
export type { SharedTableMemory } from "./memory.ts";
export { SharedTable } from "./shared-table.ts";
export { BEAT_MS, beatsOf, callOf, lastCallOf, makeThreadBoard, threadBoard } from "./thread-board.ts";
export { monotonicOffsetMs } from "./monotonic.ts";
