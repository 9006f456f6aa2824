import type { KeySetCounts } from "../../key-sets/index.ts";
import type { AppliedConfiguration } from "../configuration/configuration.ts";

/** How the run is, for those who ask. */
export interface RunStatus {
  applied: AppliedConfiguration | null;
  /** Starting until signals make it drain rather than end. */
  phase: "starting" | "serving" | "draining";
  /** Present weights of canaries, by rule. */
  canaries(): ReadonlyMap<string, number>;
  /** How fetching key sets goes, by place. */
  keySets(): readonly KeySetCounts[];
}
