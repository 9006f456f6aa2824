export interface ClusterSettings {
  readonly connectTimeoutMs: number;
  /** Kept-alive upstream connection without use. Shorter than usual servers' 60–75 s, and than Node's 5 s hint when sent. */
  readonly idleTimeoutMs: number;
  readonly maxConnectionsPerEndpoint: number;
  /** Of HTTP/1.1 (HTTP/2 has its own): it takes no further request then. Default: no bound. */
  readonly maxConnectionAgeMs?: number;
  /** How much longer or shorter ages of connections are, at random. Default: a tenth. */
  readonly connectionAgeJitterMs?: number;
  /** Requests of one connection. Default: no bound. */
  readonly maxRequestsPerConnection?: number;
  /** Connections to each endpoint that serves, per worker, made in advance. Default: none. */
  readonly warmConnections?: number;
  /** Default: TCP does not ask. */
  readonly tcpKeepAlive?: TcpKeepAlive;
  /** Requests in flight to all endpoints; more are refused. Default: no bound. */
  readonly maxRequests?: number;
  /** Retries under way or waited for; no more are made. Default: no bound. */
  readonly maxRetries?: number;
  /** Requests that wait for a connection where endpoints have all they may. Default: they are refused. */
  readonly maxPending?: number;
  /** Default: off. */
  readonly adaptiveConcurrency?: AdaptiveConcurrencySpec;
  readonly maxHeadBytes: number;
  readonly maxFields: number;
  /** Retries as a share of requests over the last 10 s, beside `retryBudgetMinPerSecond`. */
  readonly retryBudgetRatio: number;
  readonly retryBudgetMinPerSecond: number;
  /** Default: 10 s. */
  readonly retryBudgetWindowMs?: number;
  /** Consecutive connect failures or gateway faults (502, 503, 504, resets) that eject an endpoint; 0 for never. */
  readonly ejectAfterFaults: number;
  /** Of these, connections that fail or break and attempts without an answer, in a row of their own. Default: one row. */
  readonly ejectAfterLocalFaults?: number;
  /** Endpoints that do worse than the others over an interval are ejected too. Default: they are not compared. */
  readonly successRateOutliers?: OutlierSpec;
  readonly latencyOutliers?: OutlierSpec;
  /** First ejection; grows by itself with each further one, to `maxEjectMs`. Then it is probed by one request. */
  readonly ejectMs: number;
  /** Default: ten times the first. */
  readonly maxEjectMs?: number;
  /** Never more than this share of the endpoints (0–1), and never the last one. */
  readonly maxEjectedShare: number;
  readonly highWaterBytes: number;
  readonly http2: Http2ClusterSettings;
}

/** When TCP asks a silent peer whether it is there. Whole seconds; nine questions without an answer break the connection. */
export interface TcpKeepAlive {
  readonly timeMs: number;
  readonly intervalMs: number;
}

/** When an endpoint is too far off the others of its cluster; per worker. */
export interface OutlierSpec {
  /** Over which they are compared. */
  readonly intervalMs: number;
  /** Of success rates: so many standard deviations below the mean. Of latencies: so many times the others' median. */
  readonly factor: number;
  /** Fewer that had so many requests are not compared. */
  readonly minEndpoints: number;
  readonly minRequests: number;
}

/** How the number of requests that wait for their response heads is limited by how long these take; per worker. */
export interface AdaptiveConcurrencySpec {
  readonly minConcurrency: number;
  readonly maxConcurrency: number;
  /** Between two changes of the limit. */
  readonly sampleIntervalMs: number;
  /** Share (0–1) by which latency may exceed the base before the limit falls. */
  readonly buffer: number;
  /** After this time, give or take the share `baseJitter` (0–1), the base is measured anew by so many requests. */
  readonly baseIntervalMs: number;
  readonly baseJitter: number;
  readonly baseRequests: number;
}

/** Habits of HTTP/2 connections to an endpoint. */
export interface Http2ClusterSettings {
  /** Exchanges of one connection at a time; the endpoint's own limit may be lower. More take another connection. */
  readonly maxStreams: number;
  /** Octets of body that an endpoint may send ahead, on one stream and on all of them. */
  readonly streamWindowBytes: number;
  readonly connectionWindowBytes: number;
  /** As those of listeners. */
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
  /** After this time, give or take a tenth, a connection takes no new exchanges; 0 for never. */
  readonly maxConnectionAgeMs: number;
}

export const DEFAULT_CLUSTER_SETTINGS: ClusterSettings = {
  connectTimeoutMs: 5_000,
  idleTimeoutMs: 55_000,
  maxConnectionsPerEndpoint: 1_024,
  maxHeadBytes: 61_440,
  maxFields: 200,
  retryBudgetRatio: 0.2,
  retryBudgetMinPerSecond: 10,
  ejectAfterFaults: 5,
  ejectMs: 5_000,
  maxEjectedShare: 0.5,
  highWaterBytes: 32_768,
  http2: {
    maxStreams: 100,
    streamWindowBytes: 65_536,
    connectionWindowBytes: 1_048_576,
    pingIntervalMs: 30_000,
    pingTimeoutMs: 10_000,
    maxConnectionAgeMs: 1_800_000,
  },
};
