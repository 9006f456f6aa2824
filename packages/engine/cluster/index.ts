/**
 * Clusters as one worker holds them: endpoints, balancing, connection pools, ejection, the retry budget.
 */
export { Cluster } from "./cluster.ts";
export type { ClusterContext } from "./cluster.ts";
export { UNCOUNTED } from "./cluster-observer.ts";
export type { ClusterObserver } from "./cluster-observer.ts";
export type { EjectionEvents } from "./ejection-events.ts";
export type { ConcurrencyLimiter } from "./concurrency-limiter.ts";
export { Endpoint } from "./endpoint.ts";
export { Http1Upstream } from "./http1-upstream.ts";
export { HealthLedger } from "./health-ledger.ts";
export type { HealthVerdict } from "./health-ledger.ts";
export { selectMembers } from "./members.ts";
export { RetryBudget } from "./retry-budget.ts";
