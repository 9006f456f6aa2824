/** Where a Snapshot comes from: deltas between sets of units, cut into messages. */
export { cutDelta, diffUnits } from "./delta.ts";
export type { HashedUnit, UnitChange, UnitList } from "./delta.ts";
