import { BUCKETS_MS, CLUSTER, HISTOGRAM_CELLS } from "@heddle/engine/observe";

/** What clusters have counted since they are there. */
export interface Counts {
  readonly requests: number;
  /** Answers 5xx, and gRPC statuses that are the server's fault. */
  readonly errors: number;
  /** Times to the response head, by bucket; the last is above the last bound. */
  readonly buckets: readonly number[];
}

/** Reads the totals of a key such as "cluster:service/shop/orders/80"; null where nothing was counted. */
export interface Totals {
  totals(key: string): Float64Array | null;
}

const BUCKETS = HISTOGRAM_CELLS - 1;
/** Cells 0–4: classes of statuses. */
const SERVER_ERRORS = 4;

/** The counts of several clusters together. */
export function readCounts(registry: Totals, clusters: readonly string[]): Counts {
  let requests = 0;
  let errors = 0;
  const buckets = Array<number>(BUCKETS).fill(0);
  for (const name of clusters) {
    const cells = registry.totals(`cluster:${name}`);
    if (cells === null) continue;
    for (let at = 0; at <= SERVER_ERRORS; at++) requests += cells[at]!;
    errors += cells[SERVER_ERRORS]! + cells[CLUSTER.grpcErrors]!;
    for (let at = 0; at < BUCKETS; at++) buckets[at]! += cells[CLUSTER.histogram + at]!;
  }
  return { requests, errors, buckets };
}

/** What came between. A cluster that left and came back counts from 0 again. */
export function countsBetween(before: Counts, now: Counts): Counts {
  if (now.requests < before.requests) return now;
  return {
    requests: now.requests - before.requests,
    errors: now.errors - before.errors,
    buckets: now.buckets.map((count, at) => count - before.buckets[at]!),
  };
}

export const errorPercent = ({ requests, errors }: Counts): number =>
  requests === 0 ? 0 : (errors / requests) * 100;

/** Milliseconds within which 99 of 100 response heads came, between the bounds of a bucket in a line; 0 without any. */
export function latencyP99({ buckets }: Counts): number {
  const total = buckets.reduce((sum, count) => sum + count, 0);
  let left = total * 0.99;
  if (total === 0) return 0;
  for (const [at, count] of buckets.entries()) {
    const [low, high] = [at === 0 ? 0 : BUCKETS_MS[at - 1]!, BUCKETS_MS[at] ?? Infinity];
    if (left <= count && count > 0) return high === Infinity ? low : low + (high - low) * (left / count);
    left -= count;
  }
  return BUCKETS_MS.at(-1)!;
}
