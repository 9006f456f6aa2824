import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

interface CollectOptions {
  readonly type: "major";
  readonly flavor: "last-resort";
}

/**
 * Collects what starting up has left and gives the room back to the system: a tenth of the resident memory of a
 * thread that then waits for work, which V8 would keep until the next load (`npm run bench:memory`). Takes some 15 ms,
 * so only for moments at which nothing waits. Does nothing where the runtime does not let itself be told.
 */
export function giveBackMemory(): void {
  setFlagsFromString("--expose-gc");
  try {
    const collect = runInNewContext("typeof gc === 'function' ? gc : null") as
      | ((options: CollectOptions) => void)
      | null;
    collect?.({ type: "major", flavor: "last-resort" });
  } finally {
    setFlagsFromString("--no-expose-gc");
  }
}
