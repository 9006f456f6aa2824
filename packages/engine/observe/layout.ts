import { FAULTS } from "../base/index.ts";
import type { FaultCode } from "../base/index.ts";
import { PRIORITIES } from "../model/index.ts";
import { GRPC_STATUS_NAMES } from "../wire/grpc/index.ts";

/**
 * What is counted, and where each number lies. A lane (one per worker) has a group of slots for each kind of
 * thing; a slot is `stride` float64 cells:
 *
 *   slot   [ counter, counter, …  |  bucket 0 … bucket 18 (+Inf), sum of ms ]      the histogram only where there is one
 *
 * Slots lie in segments of SEGMENT_SLOTS, so that a group grows without moving. Slot 0 of each group takes what has
 * no index: a request that matched no route, a caller in this process.
 */
export const SEGMENT_BITS = 8;
export const SEGMENT_SLOTS = 1 << SEGMENT_BITS;
export const SLOT_MASK = SEGMENT_SLOTS - 1;

/** Upper bounds of the latency buckets in milliseconds, inclusive; one more bucket above takes the rest. */
export const BUCKETS_MS: readonly number[] = [
  0.5, 1, 2, 5, 10, 20, 50, 100, 200, 300, 500, 1_000, 2_000, 3_000, 5_000, 10_000, 30_000, 60_000,
];

export type GroupName = "listener" | "route" | "cluster" | "endpoint" | "event" | "worker";

/** Cells 0–4 of the groups that count exchanges: by class of the status that the client got, 1xx to 5xx. */
export const STATUS_CLASSES = 5;

/** Cells of a listener: of a server (`ServerSpec.id`) and of a bound address ("[::]/8080") alike. */
export const LISTENER = {
  requestBytes: 5,
  responseBytes: 6,
  started: 7,
  ended: 8,
  connectionsOpened: 9,
  connectionsClosed: 10,
  tlsOk: 11,
  tlsFailed: 12,
  tlsResumed: 13,
  datagramsIn: 14,
  datagramsOut: 15,
  datagramsDropped: 16,
} as const;

/** Names of gRPC statuses in the order of their cells. */
export const GRPC_CODES: readonly string[] = GRPC_STATUS_NAMES;

/** Cells of one rule of a route. `grpc` is the first of a run, one for each gRPC status. */
export const ROUTE = {
  requestBytes: 5,
  responseBytes: 6,
  retries: 7,
  faults: 8,
  grpc: 9,
  histogram: 9 + GRPC_CODES.length,
} as const;

/** Cells of a cluster, which is a service to its users. */
export const CLUSTER = {
  requestBytes: 5,
  responseBytes: 6,
  retries: 7,
  attemptsStarted: 8,
  attemptsEnded: 9,
  attemptsFailed: 10,
  connectionsOpened: 11,
  connectionsClosed: 12,
  connectFailed: 13,
  reused: 14,
  ejections: 15,
  concurrencyRaised: 16,
  concurrencyLowered: 17,
  hedges: 18,
  hedgesWon: 19,
  grpcErrors: 20,
  histogram: 21,
} as const;

export const ENDPOINT = {
  attemptsStarted: 5,
  attemptsEnded: 6,
  attemptsFailed: 7,
  connectionsOpened: 8,
  connectionsClosed: 9,
  connectFailed: 10,
  ejections: 11,
  unhealthyBegun: 12,
  unhealthyEnded: 13,
  healthCheckFailures: 14,
  healthChecks: 15,
  ejectionsEnded: 16,
} as const;

/** One cell: how often a filter's event happened. */
export const EVENT = { count: 0 } as const;

/** Fault codes in the order of their cells. */
export const FAULT_CODES = Object.keys(FAULTS) as FaultCode[];

/** Refusals that are no fault of one request: of connections and handshakes, and of all that is on a connection. */
const CONNECTION_REFUSALS = [
  "connection-limit",
  "no-stream-route",
  "udp-session-limit",
  "proxy-header-untrusted",
  "proxy-header-malformed",
  "proxy-header-timeout",
  "tls-handshake-limit",
  "tls-handshake-timeout",
  "tls-handshake-failed",
  "http2-flood",
  "http2-protocol-error",
] as const;

/** Faults by which a limit or a rule of Heddle's own turns a request away. */
const REFUSING_FAULTS = [
  "HDL_REQUEST_MALFORMED",
  "HDL_REQUEST_VERSION_UNSUPPORTED",
  "HDL_REQUEST_METHOD_UNSUPPORTED",
  "HDL_REQUEST_TARGET_TOO_LONG",
  "HDL_REQUEST_HEAD_TOO_LARGE",
  "HDL_REQUEST_PATH_REFUSED",
  "HDL_REQUEST_HEAD_TIMEOUT",
  "HDL_REQUEST_TIMEOUT",
  "HDL_REQUEST_BODY_TOO_SLOW",
  "HDL_REQUEST_BODY_TOO_LARGE",
  "HDL_REQUEST_EXPECTATION_UNSUPPORTED",
  "HDL_REQUEST_MISDIRECTED",
  "HDL_DOWNSTREAM_IDLE_TIMEOUT",
  "HDL_DOWNSTREAM_STALLED",
  "HDL_OVERLOADED",
  "HDL_UPSTREAM_OVERFLOW",
  "HDL_CONCURRENCY_LIMIT",
  "HDL_DRAINING",
  "HDL_BODY_BUFFER_FULL",
] as const satisfies readonly FaultCode[];

/** A kind of refusal: a connection's, or the code of the fault that refused a request. */
export type RefusalKind = (typeof CONNECTION_REFUSALS)[number] | (typeof REFUSING_FAULTS)[number];

export const REFUSALS: readonly RefusalKind[] = [...CONNECTION_REFUSALS, ...REFUSING_FAULTS];

const shedAt = 6;
const faultsAt = shedAt + PRIORITIES.length;
const refusalsAt = faultsAt + FAULT_CODES.length;

/** Cells of the worker itself: one slot. `shed` (by priority), `faults` and `refusals` are the first of a run, in the tables' order. */
export const WORKER = {
  logLines: 0,
  logDropped: 1,
  loopDelayMaxMs: 2,
  snapshotVersion: 3,
  loopDelayMs: 4,
  refusedShare: 5,
  shed: shedAt,
  faults: faultsAt,
  refusals: refusalsAt,
} as const;

/** Buckets, the one above the last bound, and the sum. */
export const HISTOGRAM_CELLS = BUCKETS_MS.length + 2;

export interface GroupLayout {
  /** Cells of one slot. */
  readonly stride: number;
  /** A counter of things begun and the one of things ended: their difference is what is open now. */
  readonly open: readonly (readonly [begun: number, ended: number])[];
  /** Cells that hold a worker's present state, not a sum. */
  readonly states: readonly number[];
}

export const GROUPS: Readonly<Record<GroupName, GroupLayout>> = {
  listener: {
    stride: 17,
    open: [
      [LISTENER.started, LISTENER.ended],
      [LISTENER.connectionsOpened, LISTENER.connectionsClosed],
    ],
    states: [],
  },
  route: { stride: ROUTE.histogram + HISTOGRAM_CELLS, open: [], states: [] },
  cluster: {
    stride: CLUSTER.histogram + HISTOGRAM_CELLS,
    open: [
      [CLUSTER.attemptsStarted, CLUSTER.attemptsEnded],
      [CLUSTER.connectionsOpened, CLUSTER.connectionsClosed],
      [CLUSTER.concurrencyRaised, CLUSTER.concurrencyLowered],
    ],
    states: [],
  },
  endpoint: {
    stride: 17,
    open: [
      [ENDPOINT.attemptsStarted, ENDPOINT.attemptsEnded],
      [ENDPOINT.connectionsOpened, ENDPOINT.connectionsClosed],
      [ENDPOINT.unhealthyBegun, ENDPOINT.unhealthyEnded],
      [ENDPOINT.ejections, ENDPOINT.ejectionsEnded],
    ],
    states: [],
  },
  event: { stride: 1, open: [], states: [] },
  worker: {
    stride: refusalsAt + REFUSALS.length,
    open: [],
    states: [WORKER.loopDelayMaxMs, WORKER.snapshotVersion, WORKER.loopDelayMs, WORKER.refusedShare],
  },
};

export const GROUP_NAMES = Object.keys(GROUPS) as GroupName[];

/** Groups whose slots main gives out, by the prefix of a key: "route:shop/catalog/0". */
export type IndexedGroup = "listener" | "route" | "cluster" | "endpoint";
export const INDEXED_GROUPS: readonly IndexedGroup[] = ["listener", "route", "cluster", "endpoint"];

/** Octets of one segment of a group. The worker has one slot only. */
export function segmentBytes(group: GroupName): number {
  return GROUPS[group].stride * 8 * (group === "worker" ? 1 : SEGMENT_SLOTS);
}
