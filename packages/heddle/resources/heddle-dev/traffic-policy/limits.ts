import type { Static } from "typebox";
import { parseDurationMs } from "../../gateway-api/go-duration.ts";
import { integer, number, optional, struct, withDefault } from "../../schema/build.ts";
import { rule } from "../../schema/rule.ts";
import { boundedTime } from "../bounded-time.ts";

const count = (minimum: number, maximum: number) => optional(integer({ minimum, maximum, format: "int64" }));

interface EjectionTimes {
  baseEjectionTime?: string;
  maxEjectionTime?: string;
}

export const outlierSchema = struct(
  {
    /** Answers 502, 503, 504 in a row, and of gRPC UNAVAILABLE; 0: never. */
    consecutiveGatewayFaults: count(0, 1_000_000),
    /** Connections that fail or break and attempts without an answer in time, in a row; 0: never. Without it they count among the gateway faults. */
    consecutiveLocalOriginFaults: count(0, 1_000_000),
    /** Endpoints that fail more than the others over an interval. */
    successRate: optional(
      struct({
        /** Standard deviations below the mean. */
        factor: withDefault(number({ minimum: 0.1, maximum: 100 }), 1.9),
        interval: withDefault(boundedTime("1s", "1h"), "10s"),
        /** So many endpoints with so many requests in the interval, or none is held against the others. */
        minimumEndpoints: withDefault(integer({ minimum: 3, maximum: 1_000_000, format: "int64" }), 5),
        minimumRequests: withDefault(integer({ minimum: 1, maximum: 1_000_000, format: "int64" }), 100),
      }),
    ),
    /** Endpoints that take longer to answer than the others over an interval. */
    latency: optional(
      struct({
        /** Times the median of the others. */
        factor: withDefault(number({ minimum: 1.1, maximum: 1_000 }), 3),
        interval: withDefault(boundedTime("1s", "1h"), "10s"),
        minimumEndpoints: withDefault(integer({ minimum: 3, maximum: 1_000_000, format: "int64" }), 3),
        minimumRequests: withDefault(integer({ minimum: 1, maximum: 1_000_000, format: "int64" }), 20),
      }),
    ),
    /** The first ejection; each further one is longer by as much. */
    baseEjectionTime: optional(boundedTime("100ms", "1h")),
    /** By default ten times the first. */
    maxEjectionTime: optional(boundedTime("100ms", "24h")),
    maxEjectedPercent: count(0, 100),
  },
  {
    rules: [
      rule<EjectionTimes>(
        "max-ejection-not-below-base",
        "maxEjectionTime must not be shorter than baseEjectionTime",
        ({ baseEjectionTime: base, maxEjectionTime: max }) =>
          base === undefined ||
          max === undefined ||
          (parseDurationMs(max) ?? 0) >= (parseDurationMs(base) ?? 0),
      ),
    ],
  },
);
export type Outlier = Static<typeof outlierSchema>;

export const retryBudgetSchema = struct({
  /** Retries as a share of the requests of the window. */
  percent: count(0, 100),
  /** Allowed in any case, three seconds' worth at once. */
  minPerSecond: count(0, 1_000_000),
  window: optional(boundedTime("1s", "10m")),
});
export type RetryBudget = Static<typeof retryBudgetSchema>;

export const connectionSchema = struct({
  /** Then it takes no further request. */
  maxAge: optional(boundedTime("1s", "24h")),
  /** The age is so much longer or shorter, at random; by default a tenth of it. */
  jitter: optional(boundedTime("0s", "24h")),
  maxRequests: count(1, 1_000_000_000),
  /** TCP asks a silent endpoint whether it is there, first after `time`, then each `interval`. */
  tcpKeepAlive: optional(
    struct({ time: boundedTime("1s", "9h"), interval: withDefault(boundedTime("1s", "9h"), "75s") }),
  ),
  /** Connections to each endpoint that serves, per worker, made in advance. */
  warm: count(1, 10_000),
});
export const circuitBreakerSchema = struct({
  /** To one endpoint, per worker. */
  maxConnections: count(1, 1_000_000),
  /** Requests that wait for a connection where there are that many, per worker, as long as one may take to be made. */
  maxPending: count(1, 1_000_000),
  /** Under way or waited for, per worker. */
  maxRetries: count(0, 1_000_000),
  /** In flight to all endpoints, per worker. */
  maxRequests: count(1, 10_000_000),
});
export const mirrorLimitsSchema = struct({
  /** Copies under way at a time, per worker. */
  maxConcurrent: count(1, 1_000_000),
  /** Octets that wait for all copies of the mirror, per worker. */
  maxBufferedBytes: count(1, 1_073_741_824),
});
