import type { SessionPersistenceSpec } from "./session-persistence.ts";

/** How a cluster chooses among its endpoints; what is absent is off, and costs nothing. */
export interface BalancingSpec {
  readonly algorithm: BalancingAlgorithm;
  /** The key of a request, for the two that hash; without one they choose by chance. */
  readonly hash?: HashKeySpec;
  /** Places on the ring of "ring-hash". Default 512 to 1,048,576. */
  readonly ringHash?: RingHashSpec;
  /** Places in the table of "maglev", a prime. Default 65,537. */
  readonly maglev?: { readonly tableSize: number };
  /** Not with the two that hash: it would move keys. */
  readonly slowStart?: SlowStartSpec;
  readonly zone?: ZoneSpec;
  /** Default 140 and 50 where endpoints have priorities or a zone is preferred; else all are one level without panic. */
  readonly failover?: FailoverSpec;
  /** Endpoints without all of these labels are none of the cluster's. */
  readonly subset?: Readonly<Record<string, string>>;
  /** Sessions stay with their endpoint, whichever rule leads here; a rule's own persistence goes before it. */
  readonly sticky?: SessionPersistenceSpec;
}

export type BalancingAlgorithm =
  | "peak-ewma"
  | "least-request"
  | "round-robin"
  | "random"
  | "ring-hash"
  | "maglev";

/** Where a request's key is. A request without it has none. */
export interface HashKeySpec {
  /** "source" is the client's address after trusted hops; "path" has no query. */
  readonly on: "header" | "cookie" | "source" | "query" | "path";
  /** Of the header (lower-case), cookie or query parameter; else "". */
  readonly name: string;
  /** A cookie that a client does not send yet is made, and set. Absent: it is not. */
  readonly cookie?: AffinityCookieSpec;
  /** No endpoint gets a request while it has more than this share of the mean in flight; above 100. Absent: no bound. */
  readonly maxLoadPercent?: number;
}

export interface AffinityCookieSpec {
  /** 0: until the browser is closed. */
  readonly ttlMs: number;
  readonly path: string;
}

export interface RingHashSpec {
  readonly minimumSize: number;
  readonly maximumSize: number;
}

/** An endpoint that joins or recovers gets its share bit by bit: weight × max(minimum, (age ÷ window)^(1 ÷ aggression)). */
export interface SlowStartSpec {
  readonly windowMs: number;
  /** 1: in a line; above it faster at first. */
  readonly aggression: number;
  readonly minimumWeightPercent: number;
}

/** Nearby endpoints go first. */
export interface ZoneSpec {
  /** "strict": those of other zones are none of the cluster's. */
  readonly mode: "prefer" | "strict";
  /**
   * When other zones get requests: "capacity" also as far as this zone has less than its share of endpoints, callers
   * being as many in each zone; "outage" only as far as its own are unavailable (Kubernetes' PreferSameZone).
   */
  readonly spillover: "capacity" | "outage";
  /** Endpoints of the same node go before those of the zone (PreferSameNode). With "outage" alone. */
  readonly isNodeFirst: boolean;
  /** Where this data plane is; "" where it does not know: then nothing is near. */
  readonly zone: string;
  readonly node: string;
}

/** As Envoy has it. */
export interface FailoverSpec {
  /** A level is taken for whole while this many times its available share is 100 %; what is missing goes to the next. */
  readonly overprovisioningPercent: number;
  /** Below this available share, and with no other level to make up for it, all endpoints of a level are used; 0: only when none is available. */
  readonly panicThresholdPercent: number;
}

export const DEFAULT_FAILOVER: FailoverSpec = { overprovisioningPercent: 140, panicThresholdPercent: 50 };
