import { makeFault } from "../base/index.ts";
import type { Fault, FaultCode } from "../base/index.ts";
import type { DialFailure } from "../net/index.ts";

const CODES: Readonly<Record<DialFailure["kind"], FaultCode>> = {
  timeout: "HDL_UPSTREAM_CONNECT_TIMEOUT",
  tls: "HDL_UPSTREAM_TLS_FAILED",
  connect: "HDL_UPSTREAM_CONNECT_FAILED",
};

/** What a connection that could not be had means for the exchanges that wait for it. */
export function dialFault(endpoint: string, failure: DialFailure): Fault {
  const { kind, error } = failure;
  return makeFault(CODES[kind], `connect to ${endpoint}: ${error.message}`, error);
}
