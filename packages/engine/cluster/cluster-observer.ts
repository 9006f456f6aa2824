import type { EndpointObserver } from "./pool.ts";

/** What happens in a cluster, for counters. All calls are cheap and synchronous. */
export interface ClusterObserver extends EndpointObserver {
  attemptStarted(clusterIndex: number, endpointIndex: number): void;
  attemptEnded(clusterIndex: number, endpointIndex: number, hasFailed: boolean): void;
  endpointEjected(clusterIndex: number, endpointIndex: number): void;
  /** The adaptive limit of its requests went up or, where negative, down by so many. */
  concurrencyLimit(clusterIndex: number, change: number): void;
  /** An ejected endpoint is back, or gone for good. */
  ejectionEnded(endpointIndex: number): void;
  /** An attempt began beside another one; or, `hasWon`, was the first to answer. */
  hedged(clusterIndex: number, hasWon: boolean): void;
  /** Health checks changed their mind about an endpoint. */
  endpointHealth(endpointIndex: number, isHealthy: boolean): void;
  healthChecked(endpointIndex: number, isGood: boolean): void;
}

/** Counts nothing: for connections that carry no requests, and clusters that no lane is about. */
export const UNCOUNTED: ClusterObserver = {
  attemptStarted() {},
  attemptEnded() {},
  endpointEjected() {},
  concurrencyLimit() {},
  ejectionEnded() {},
  hedged() {},
  endpointHealth() {},
  healthChecked() {},
  upstreamOpened() {},
  upstreamClosed() {},
  upstreamConnectFailed() {},
  upstreamReused() {},
};
