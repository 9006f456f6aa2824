import type { HealthCheckSpec, HttpHealthSpec } from "@heddle/engine/model";
import { readStatusRange, type HealthCheck } from "../../resources/index.ts";
import { durationMs } from "../routes/route-settings.ts";

/** Health checks as the data plane makes them. */
export function healthCheckSpec(check: HealthCheck): HealthCheckSpec {
  const { http, grpc, port = 0, interval, jitter, timeout, unhealthyThreshold, healthyThreshold } = check;
  const intervalMs = durationMs(interval);
  return {
    ...(http !== undefined && { http: httpSpec(http) }),
    ...(grpc !== undefined && { grpc }),
    port,
    intervalMs,
    jitterMs: jitter === undefined ? intervalMs / 10 : durationMs(jitter),
    timeoutMs: durationMs(timeout),
    unhealthyAfter: unhealthyThreshold,
    healthyAfter: healthyThreshold,
  };
}

function httpSpec(http: NonNullable<HealthCheck["http"]>): HttpHealthSpec {
  const { host = "", path, headers = [], expectedStatuses, expectedBody: body = "" } = http;
  return {
    host,
    path,
    headers: headers.map(({ name, value }) => [name.toLowerCase(), value]),
    statuses: expectedStatuses.flatMap((one) => {
      const range = readStatusRange(one);
      return range === null ? [] : [range];
    }),
    body,
  };
}
