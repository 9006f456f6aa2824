import type { AcmeChallengeUnit } from "./acme-challenge-unit.ts";
import type { ClusterUnit } from "./cluster-unit.ts";
import type { DataUnit } from "./data-unit.ts";
import type { EndpointsUnit } from "./endpoints-unit.ts";
import type { ListenerUnit } from "./listener-unit.ts";
import type { RouteUnit } from "./route-unit.ts";
import type { AuthoritiesUnit, SecretUnit } from "./secret-units.ts";
import type { StreamRouteUnit } from "./stream-route-unit.ts";

/** Key of a unit: its kind and name. Names are stable across versions, so that a delta replaces by key. */
export type UnitKey = string;

export function unitKey(unit: { kind: Unit["kind"]; name: string }): UnitKey {
  return `${unit.kind}:${unit.name}`;
}

export type Unit =
  | ListenerUnit
  | RouteUnit
  | StreamRouteUnit
  | ClusterUnit
  | EndpointsUnit
  | SecretUnit
  | AuthoritiesUnit
  | AcmeChallengeUnit
  | DataUnit;

/**
 * A change from one version to the next. `puts` replace by key. `indexes` gives counters their place in shared
 * memory: keys are "listener:ID", "route:NAME/RULE", "cluster:NAME", "endpoint:CLUSTER|ADDRESS".
 */
export interface SnapshotDelta {
  readonly version: number;
  readonly puts: readonly { readonly unit: Unit; readonly hash: string }[];
  readonly removes: readonly UnitKey[];
  readonly indexes: readonly (readonly [key: string, index: number])[];
  /** False: more deltas of the same version follow; the swap waits for the last. */
  readonly isLast: boolean;
}
