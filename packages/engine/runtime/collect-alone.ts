import { setFlagsFromString } from "node:v8";

/**
 * From now on each thread of this process collects its young objects by itself. V8 has four helpers join in, also on two
 * cores: they wake up, find little to do since few young objects are left, and stand in the way of the workers for
 * milliseconds.
 */
export function collectAlone(): void {
  setFlagsFromString("--no-parallel-scavenge");
}
