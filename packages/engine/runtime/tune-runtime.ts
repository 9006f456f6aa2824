import { setFlagsFromString } from "node:v8";

/** Of the threads that are started from then on: half of what a worker has for its young objects. */
export const SEMI_SPACE_MB = 16;

/**
 * Sets what the runtime is to do otherwise from now on, in all threads of this process.
 *
 * Each thread collects its young objects by itself: V8 has four helpers join in, also on two cores, which wake up, find
 * little to do since few young objects are left, and stand in the way of the workers for milliseconds.
 *
 * Code that has not run for some collections stays compiled: V8 would drop what a change of the configuration runs through,
 * and compile it anew with the next one.
 *
 * A new thread has all its room for young objects at once; memory is taken as they fill it.
 */
export function tuneRuntime(): void {
  setFlagsFromString("--no-parallel-scavenge");
  setFlagsFromString("--no-flush-bytecode");
  setFlagsFromString(`--min-semi-space-size=${SEMI_SPACE_MB}`);
}
