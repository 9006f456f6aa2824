/**
 * What went wrong with one exchange, as a value: nothing on the request path throws for a network's or a
 * client's mistake. Codes are API: operators alert on them and docs/reference/faults.md is checked against
 * this table.
 */

/** Whose mistake a fault is: it decides log level and whether an endpoint is blamed. */
export type FaultSource = "downstream" | "upstream" | "local" | "config";

/**
 * Whether another attempt is safe.
 * - `never-sent`: no byte of the request reached an upstream: any method may be tried again.
 * - `maybe-sent`: the upstream may have acted on it: idempotent methods only.
 * - `no`: trying again cannot help, or the response has begun.
 */
export type FaultRetry = "never-sent" | "maybe-sent" | "no";

export interface FaultRow {
  readonly source: FaultSource;
  /** HTTP status sent when the response has not begun (499 is recorded only: the client is gone). */
  readonly status: number;
  /** Code of `grpc-status` for gRPC clients, who get HTTP 200 (grpc/doc/statuscodes.md). */
  readonly grpc: number;
  readonly retry: FaultRetry;
  /** The downstream HTTP/1.1 connection cannot be used again: its framing is lost or not trusted. */
  readonly close: boolean;
  readonly level: "debug" | "info" | "warn" | "error";
}

const row = (
  source: FaultSource,
  status: number,
  grpc: number,
  retry: FaultRetry,
  close: boolean,
  level: FaultRow["level"],
): FaultRow => ({ source, status, grpc, retry, close, level });

export const FAULTS = {
  // The client's request
  HDL_REQUEST_MALFORMED: row("downstream", 400, 13, "no", true, "info"),
  HDL_REQUEST_VERSION_UNSUPPORTED: row("downstream", 505, 13, "no", true, "info"),
  HDL_REQUEST_METHOD_UNSUPPORTED: row("downstream", 501, 12, "no", true, "info"),
  HDL_REQUEST_TARGET_TOO_LONG: row("downstream", 414, 13, "no", true, "info"),
  HDL_REQUEST_HEAD_TOO_LARGE: row("downstream", 431, 8, "no", true, "info"),
  HDL_REQUEST_PATH_REFUSED: row("downstream", 400, 3, "no", true, "info"),
  HDL_REQUEST_HEAD_TIMEOUT: row("downstream", 408, 4, "no", true, "info"),
  HDL_REQUEST_TIMEOUT: row("downstream", 408, 4, "no", true, "info"),
  HDL_REQUEST_BODY_TOO_SLOW: row("downstream", 408, 4, "no", true, "info"),
  HDL_REQUEST_BODY_TOO_LARGE: row("downstream", 413, 8, "no", true, "info"),
  HDL_REQUEST_EXPECTATION_UNSUPPORTED: row("downstream", 417, 12, "no", false, "info"),
  HDL_REQUEST_MISDIRECTED: row("downstream", 421, 12, "no", false, "info"),
  HDL_DOWNSTREAM_RESET: row("downstream", 499, 1, "no", true, "debug"),
  HDL_DOWNSTREAM_PROTOCOL_ERROR: row("downstream", 400, 13, "no", true, "info"),
  HDL_DOWNSTREAM_FLOOD: row("downstream", 429, 8, "no", true, "warn"),
  HDL_RATE_LIMITED: row("downstream", 429, 8, "no", false, "debug"),
  HDL_DOWNSTREAM_IDLE_TIMEOUT: row("downstream", 408, 4, "no", true, "info"),
  HDL_DOWNSTREAM_STALLED: row("downstream", 408, 4, "no", true, "info"),
  // Configuration
  HDL_NO_ROUTE: row("config", 404, 12, "no", false, "debug"),
  HDL_BACKEND_UNRESOLVED: row("config", 500, 14, "no", false, "warn"),
  HDL_NO_ENDPOINTS: row("config", 503, 14, "no", false, "warn"),
  HDL_UPSTREAM_UPGRADE_UNSUPPORTED: row("config", 502, 12, "no", false, "warn"),
  // The endpoint
  HDL_UPSTREAM_CONNECT_FAILED: row("upstream", 503, 14, "never-sent", false, "warn"),
  HDL_UPSTREAM_CONNECT_TIMEOUT: row("upstream", 504, 14, "never-sent", false, "warn"),
  HDL_UPSTREAM_TLS_FAILED: row("upstream", 502, 14, "never-sent", false, "warn"),
  HDL_UPSTREAM_STALE: row("upstream", 502, 14, "maybe-sent", false, "debug"),
  HDL_UPSTREAM_RESET: row("upstream", 502, 14, "maybe-sent", false, "warn"),
  HDL_UPSTREAM_REFUSED: row("upstream", 503, 14, "never-sent", false, "debug"),
  HDL_UPSTREAM_MALFORMED: row("upstream", 502, 13, "maybe-sent", false, "error"),
  HDL_UPSTREAM_HEAD_TOO_LARGE: row("upstream", 502, 13, "no", false, "error"),
  HDL_UPSTREAM_BODY_CUT_SHORT: row("upstream", 502, 14, "no", true, "warn"),
  HDL_UPSTREAM_TIMEOUT: row("upstream", 504, 4, "maybe-sent", false, "warn"),
  HDL_UPSTREAM_IDLE_TIMEOUT: row("upstream", 504, 4, "no", true, "warn"),
  HDL_UPSTREAM_STATUS: row("upstream", 502, 14, "maybe-sent", false, "debug"),
  // This process
  HDL_ROUTE_TIMEOUT: row("local", 504, 4, "no", false, "warn"),
  HDL_GRPC_DEADLINE: row("local", 504, 4, "no", false, "info"),
  HDL_FAULT_INJECTED: row("local", 503, 14, "no", false, "info"),
  HDL_OVERLOADED: row("local", 503, 14, "no", false, "warn"),
  HDL_UPSTREAM_OVERFLOW: row("local", 503, 14, "never-sent", false, "warn"),
  HDL_CONCURRENCY_LIMIT: row("local", 503, 14, "no", false, "warn"),
  HDL_LIMIT_STORE_UNAVAILABLE: row("local", 503, 14, "no", false, "warn"),
  HDL_DRAINING: row("local", 503, 14, "never-sent", true, "info"),
  HDL_FILTER_FAILED: row("local", 500, 13, "no", false, "error"),
  HDL_BODY_BUFFER_FULL: row("local", 413, 8, "no", false, "info"),
  HDL_INTERNAL: row("local", 500, 13, "no", true, "error"),
} as const satisfies Record<string, FaultRow>;

export type FaultCode = keyof typeof FAULTS;

export interface Fault {
  readonly code: FaultCode;
  readonly source: FaultSource;
  readonly retry: FaultRetry;
  /** Lower case, no full stop; names the thing and the limit. Never contains a header's or a body's content. */
  readonly message: string;
  readonly cause: unknown;
}

/** A fault with its row's source and retry class; `retry` overrides where the caller knows better. */
export function makeFault(code: FaultCode, message: string, cause?: unknown, retry?: FaultRetry): Fault {
  const { source, retry: usual } = FAULTS[code] as FaultRow;
  return { code, source, retry: retry ?? usual, message, cause };
}
