import { FAULTS } from "../base/index.ts";
import type { Fault } from "../base/index.ts";
import type { Reply } from "../filter/index.ts";
import { Fields } from "../message/index.ts";
import { grpcStatusFields } from "../wire/grpc/index.ts";

/**
 * The one place where a fault becomes an answer. The body names the code, which operators look up in
 * docs/reference/faults.md, and nothing of the inside: no address, no cause.
 */
export function rescue(fault: Fault): Reply {
  const { status, grpc } = FAULTS[fault.code];
  const headers: [string, string][] = [["content-type", "text/plain; charset=utf-8"]];
  if (status === 503) headers.push(["retry-after", "1"]);
  return {
    status: status === 499 ? 400 : status,
    headers,
    body: `${EXPLANATIONS[fault.code] ?? "request failed"} (${fault.code})\n`,
    grpcStatus: grpc,
    ...(SHEDDING.has(fault.code) && { grpcPushbackMs: 1_000 }),
  };
}

/** Faults of those who are one too many: gRPC clients are told to wait as well (gRFC A6). */
const SHEDDING: ReadonlySet<Fault["code"]> = new Set(["HDL_OVERLOADED", "HDL_CONCURRENCY_LIMIT"]);

/** The same for a gRPC call whose response has begun: its trailers can still say what went wrong. */
export function rescueTrailers(fault: Fault): Fields {
  const { body, grpcStatus } = rescue(fault);
  return Fields.of(grpcStatusFields(grpcStatus!, body as string));
}

const EXPLANATIONS: Partial<Record<Fault["code"], string>> = {
  HDL_NO_ROUTE: "no route matches this host and path",
  HDL_BACKEND_UNRESOLVED: "the route names a backend that does not exist or may not be used",
  HDL_NO_ENDPOINTS: "the service has no ready endpoint",
  HDL_UPSTREAM_CONNECT_FAILED: "no endpoint of the service accepts connections",
  HDL_UPSTREAM_CONNECT_TIMEOUT: "no endpoint of the service answered in time",
  HDL_UPSTREAM_TLS_FAILED: "the endpoint's certificate or TLS set-up was refused",
  HDL_UPSTREAM_STALE: "the service closed the connection",
  HDL_UPSTREAM_RESET: "the service closed the connection",
  HDL_UPSTREAM_UPGRADE_UNSUPPORTED: "the service takes no upgrade of this kind",
  HDL_UPSTREAM_REFUSED: "the service takes no requests at the moment",
  HDL_UPSTREAM_MALFORMED: "the service's response is malformed",
  HDL_UPSTREAM_HEAD_TOO_LARGE: "the service's response head is too large",
  HDL_UPSTREAM_BODY_CUT_SHORT: "the service's response ended too soon",
  HDL_UPSTREAM_TIMEOUT: "the service did not answer in time",
  HDL_ROUTE_TIMEOUT: "the service did not answer in time",
  HDL_GRPC_DEADLINE: "the call's deadline has passed",
  HDL_OVERLOADED: "overloaded",
  HDL_UPSTREAM_OVERFLOW: "the service is at its limit of connections",
  HDL_CONCURRENCY_LIMIT: "the service takes no more requests at a time",
  HDL_DRAINING: "shutting down",
  HDL_REQUEST_MALFORMED: "malformed request",
  HDL_REQUEST_HEAD_TOO_LARGE: "request head too large",
  HDL_REQUEST_TARGET_TOO_LONG: "request target too long",
  HDL_REQUEST_PATH_REFUSED: "request path refused",
  HDL_REQUEST_HEAD_TIMEOUT: "request head took too long",
  HDL_REQUEST_TIMEOUT: "request took too long",
  HDL_REQUEST_BODY_TOO_SLOW: "request body too slow",
  HDL_REQUEST_BODY_TOO_LARGE: "request body too large",
  HDL_BODY_BUFFER_FULL: "body too large to inspect",
  HDL_FILTER_FAILED: "a policy failed",
};
