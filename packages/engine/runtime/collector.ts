import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** V8's own. `last-resort` gives all that is free back to the system; `minor` looks at young objects only. */
export type Collect = (options: {
  readonly type: "major" | "minor";
  readonly flavor?: "last-resort";
}) => void;

/** The collector as a function, null where the runtime does not let itself be told. Takes a millisecond. */
export function findCollector(): Collect | null {
  setFlagsFromString("--expose-gc");
  try {
    return runInNewContext("typeof gc === 'function' ? gc : null") as Collect | null;
  } finally {
    setFlagsFromString("--no-expose-gc");
  }
}
