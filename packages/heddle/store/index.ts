/**
 * Where resources are kept: one interface with get, list, put, delete and watch, and its
 * implementations. `contract.suite.ts` is what an implementation has to pass.
 */
export type {
  ChangeOptions,
  Listing,
  ListFilter,
  PutResult,
  Store,
  Stored,
  StoreEvent,
  Watch,
  WatchBatch,
} from "./store.ts";
export { openMemoryStore } from "./memory/memory-store.ts";
export type { MemoryStoreOptions } from "./memory/memory-store.ts";
