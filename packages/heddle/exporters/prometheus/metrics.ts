import { CLUSTER, ENDPOINT, GRPC_CODES, LISTENER, ROUTE, STATUS_CLASSES } from "@heddle/engine/observe";
import type { IndexedGroup } from "@heddle/engine/observe";
import type { MetricType } from "./exposition.ts";

/** A metric of one group of counters: which cells of a row it shows. docs/reference/metrics.md is checked against it. */
export interface RowMetric {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  /** One sample for each, with these further label pairs; a cell of 0 is left out, a difference is not. */
  readonly samples: readonly RowSample[];
}

export interface RowSample {
  /** `code_class="2xx"`, or "". */
  readonly label: string;
  readonly cell: number;
  /** For what is open now: `cell` counts what began, this what ended. */
  readonly minus?: number;
}

const metric = (name: string, type: MetricType, help: string, samples: RowSample[]): RowMetric => ({
  name,
  type,
  help,
  samples,
});

const counter = (name: string, cell: number, help: string): RowMetric =>
  metric(name, "counter", help, [{ label: "", cell }]);

const open = (name: string, cell: number, minus: number, help: string): RowMetric =>
  metric(name, "gauge", help, [{ label: "", cell, minus }]);

const byClass = (name: string, help: string): RowMetric =>
  metric(
    name,
    "counter",
    help,
    Array.from({ length: STATUS_CLASSES }, (_, i) => ({ label: `code_class="${i + 1}xx"`, cell: i })),
  );

/** A histogram of a group, in seconds. */
export interface HistogramMetric {
  readonly name: string;
  readonly help: string;
  /** Its first cell. */
  readonly cell: number;
}

export interface GroupMetrics {
  readonly group: IndexedGroup;
  readonly metrics: readonly RowMetric[];
  readonly histogram: HistogramMetric | null;
}

const ROUTE_METRICS: GroupMetrics = {
  group: "route",
  metrics: [
    byClass("heddle_requests_total", "Requests that ended, by the class of the status that the client got."),
    counter("heddle_request_bytes_total", ROUTE.requestBytes, "Octets of request bodies."),
    counter("heddle_response_bytes_total", ROUTE.responseBytes, "Octets of response bodies."),
    counter("heddle_retries_total", ROUTE.retries, "Attempts after the first."),
    counter("heddle_failed_requests_total", ROUTE.faults, "Requests that ended with a fault."),
    metric(
      "heddle_grpc_requests_total",
      "counter",
      "gRPC calls that ended, by their status.",
      GRPC_CODES.map((code, i) => ({ label: `grpc_code="${code}"`, cell: ROUTE.grpc + i })),
    ),
  ],
  histogram: {
    name: "heddle_request_duration_seconds",
    help: "From the request head to the last byte of the response.",
    cell: ROUTE.histogram,
  },
};

const LISTENER_METRICS: GroupMetrics = {
  group: "listener",
  metrics: [
    byClass("heddle_listener_requests_total", "Requests that ended, by listener and class of status."),
    counter("heddle_listener_request_bytes_total", LISTENER.requestBytes, "Octets of request bodies."),
    counter("heddle_listener_response_bytes_total", LISTENER.responseBytes, "Octets of response bodies."),
    open("heddle_requests_active", LISTENER.started, LISTENER.ended, "Requests in flight."),
    counter("heddle_connections_total", LISTENER.connectionsOpened, "Connections accepted."),
    open(
      "heddle_connections_active",
      LISTENER.connectionsOpened,
      LISTENER.connectionsClosed,
      "Connections open now.",
    ),
    metric("heddle_tls_handshakes_total", "counter", "TLS handshakes of clients.", [
      { label: 'result="ok"', cell: LISTENER.tlsOk },
      { label: 'result="failed"', cell: LISTENER.tlsFailed },
    ]),
    metric("heddle_datagrams_total", "counter", "Datagrams of UDP, from clients and to them.", [
      { label: 'direction="in"', cell: LISTENER.datagramsIn },
      { label: 'direction="out"', cell: LISTENER.datagramsOut },
    ]),
    counter("heddle_datagrams_dropped_total", LISTENER.datagramsDropped, "Datagrams that went nowhere."),
    counter("heddle_tls_resumed_total", LISTENER.tlsResumed, "TLS handshakes that resumed a session."),
  ],
  histogram: null,
};

const CLUSTER_METRICS: GroupMetrics = {
  group: "cluster",
  metrics: [
    byClass(
      "heddle_upstream_requests_total",
      "Requests sent to a service, by the class of the final status.",
    ),
    counter("heddle_upstream_request_bytes_total", CLUSTER.requestBytes, "Octets of request bodies."),
    counter("heddle_upstream_response_bytes_total", CLUSTER.responseBytes, "Octets of response bodies."),
    counter("heddle_upstream_retries_total", CLUSTER.retries, "Attempts after the first."),
    counter("heddle_upstream_attempts_total", CLUSTER.attemptsStarted, "Attempts handed to an endpoint."),
    counter(
      "heddle_upstream_failed_attempts_total",
      CLUSTER.attemptsFailed,
      "Attempts that failed by a fault of the upstream.",
    ),
    open(
      "heddle_upstream_attempts_active",
      CLUSTER.attemptsStarted,
      CLUSTER.attemptsEnded,
      "Attempts in flight.",
    ),
    counter("heddle_upstream_connections_total", CLUSTER.connectionsOpened, "Connections made."),
    open(
      "heddle_upstream_connections_active",
      CLUSTER.connectionsOpened,
      CLUSTER.connectionsClosed,
      "Connections open now.",
    ),
    counter(
      "heddle_upstream_connect_failures_total",
      CLUSTER.connectFailed,
      "Dials that gave no connection.",
    ),
    counter("heddle_upstream_reused_total", CLUSTER.reused, "Attempts sent on a pooled connection."),
    counter("heddle_upstream_ejections_total", CLUSTER.ejections, "Endpoints left out after failures."),
    counter("heddle_upstream_hedges_total", CLUSTER.hedges, "Attempts begun beside another one."),
    counter("heddle_upstream_hedges_won_total", CLUSTER.hedgesWon, "Those of them that answered first."),
    counter(
      "heddle_upstream_grpc_errors_total",
      CLUSTER.grpcErrors,
      "gRPC calls that ended with a status that is the server's fault.",
    ),
    open(
      "heddle_upstream_concurrency_limit",
      CLUSTER.concurrencyRaised,
      CLUSTER.concurrencyLowered,
      "Requests that may wait for their response heads: what adaptive concurrency found, of all workers.",
    ),
  ],
  histogram: {
    name: "heddle_upstream_response_seconds",
    help: "From the start of the last attempt to its response head.",
    cell: CLUSTER.histogram,
  },
};

const ENDPOINT_METRICS: GroupMetrics = {
  group: "endpoint",
  metrics: [
    byClass("heddle_endpoint_requests_total", "Requests whose last attempt went to this endpoint."),
    counter("heddle_endpoint_attempts_total", ENDPOINT.attemptsStarted, "Attempts handed to it."),
    counter("heddle_endpoint_failed_attempts_total", ENDPOINT.attemptsFailed, "Attempts that it failed."),
    open(
      "heddle_endpoint_attempts_active",
      ENDPOINT.attemptsStarted,
      ENDPOINT.attemptsEnded,
      "Attempts in flight.",
    ),
    counter("heddle_endpoint_connections_total", ENDPOINT.connectionsOpened, "Connections made."),
    open(
      "heddle_endpoint_connections_active",
      ENDPOINT.connectionsOpened,
      ENDPOINT.connectionsClosed,
      "Connections open now.",
    ),
    counter("heddle_endpoint_connect_failures_total", ENDPOINT.connectFailed, "Dials that failed."),
    counter("heddle_endpoint_ejections_total", ENDPOINT.ejections, "Times it was left out after failures."),
    open(
      "heddle_endpoint_ejected",
      ENDPOINT.ejections,
      ENDPOINT.ejectionsEnded,
      "Workers that leave it out after failures now.",
    ),
    open(
      "heddle_endpoint_unhealthy",
      ENDPOINT.unhealthyBegun,
      ENDPOINT.unhealthyEnded,
      "Workers that leave it out for what health checks say.",
    ),
    counter("heddle_endpoint_health_checks_total", ENDPOINT.healthChecks, "Health checks of it."),
    counter(
      "heddle_endpoint_health_check_failures_total",
      ENDPOINT.healthCheckFailures,
      "Health checks that it failed.",
    ),
  ],
  histogram: null,
};

export const GROUP_METRICS: readonly GroupMetrics[] = [
  ROUTE_METRICS,
  LISTENER_METRICS,
  CLUSTER_METRICS,
  ENDPOINT_METRICS,
];
