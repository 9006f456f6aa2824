import { findCollector } from "./collector.ts";

/**
 * Collects what starting up has left and gives the room back to the system: a tenth of the resident memory of a
 * thread that then waits for work, which V8 would keep until the next load (`npm run bench:memory`). Takes some 15 ms,
 * so only for moments at which nothing waits. Does nothing where the runtime does not let itself be told.
 */
export function giveBackMemory(): void {
  findCollector()?.({ type: "major", flavor: "last-resort" });
}
