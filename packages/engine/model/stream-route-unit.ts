import type { RouteAttachment } from "./route-unit.ts";

/** One TCPRoute, TLSRoute or UDPRoute as attached: which connections, and where they go. */
export interface StreamRouteUnit {
  readonly kind: "stream-route";
  /** "tcproute/namespace/name" */
  readonly name: string;
  /** Hostnames are those that clients name in TLS; [""] for TCP. */
  readonly attachments: readonly RouteAttachment[];
  readonly rule: string;
  readonly backends: readonly StreamBackendSpec[];
  /** Without an octet or a datagram either way for so long it ends. Default: the listener's. */
  readonly idleMs?: number;
  /** As RouteUnit's. */
  readonly createdMs: number;
}

export interface StreamBackendSpec {
  /** Null when the reference does not resolve: its share of connections is closed. */
  readonly cluster: string | null;
  readonly weight: number;
}
