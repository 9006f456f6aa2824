import { setFlagsFromString } from "node:v8";
import { findCollector } from "./collector.ts";

/** What start-up compiled runs no more, and V8 would keep it for six collections, which a thread at rest does not make. */
const FLUSH_CODE = ["stress-flush-code", "flush-baseline-code"];

/**
 * Collects what starting up has left, its compiled code too, and gives the room back to the system: a tenth of the
 * resident memory of a thread that then waits for work, which V8 would keep until the next load (`npm run bench:memory`).
 * Takes some 15 ms, so only for moments at which nothing waits. Does nothing where the runtime does not let itself be told.
 */
export function giveBackMemory(): void {
  const collect = findCollector();
  if (collect === null) return;
  for (const flag of FLUSH_CODE) setFlagsFromString(`--${flag}`);
  try {
    collect({ type: "major", flavor: "last-resort" });
  } finally {
    for (const flag of FLUSH_CODE) setFlagsFromString(`--no-${flag}`);
  }
}
