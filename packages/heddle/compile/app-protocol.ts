import type { ClusterProtocol } from "@heddle/engine/model";
import type { Service, ServicePort } from "../resources/index.ts";

/** How a port of a Service is spoken to. */
export interface AppProtocol {
  readonly protocol: ClusterProtocol;
  /** TLS is part of the name: without a BackendTLSPolicy it cannot be done. */
  readonly needsTls: boolean;
}

const http1: AppProtocol = { protocol: "http1", needsTls: false };

/**
 * By `appProtocol`, in lower case: the names of KEP-3726, as GEP-1911 has them, and the plain one. A WebSocket begins
 * with an upgrade of HTTP/1.1 (RFC 6455), whoever opens it.
 */
const protocols: ReadonlyMap<string, AppProtocol> = new Map([
  ["", http1],
  ["http", http1],
  ["kubernetes.io/ws", http1],
  ["kubernetes.io/wss", { protocol: "http1", needsTls: true }],
  ["kubernetes.io/h2c", { protocol: "http2", needsTls: false }],
  ["grpc", { protocol: "http2", needsTls: false }],
]);

const named = [...protocols.keys()].filter((name) => name !== "");

/** What the port's `appProtocol` says, or why it cannot be reached. */
export function readAppProtocol({ protocol, appProtocol = "" }: ServicePort): AppProtocol | string {
  if (protocol !== "TCP") return `is ${protocol}; HTTP needs TCP`;
  const known = protocols.get(appProtocol.toLowerCase());
  if (known !== undefined) return known;
  return `has appProtocol ${appProtocol}; this version reaches ${named.join(", ")}`;
}

/** Whether a port can be reached, over TLS if need be. */
export function isReachable(port: ServicePort): boolean {
  return typeof readAppProtocol(port) !== "string";
}

/** Why gRPC calls cannot be sent to a port that can be reached; null where they can: a WebSocket is no call. */
export function grpcMistake({ appProtocol = "" }: ServicePort): string | null {
  return /^kubernetes\.io\/wss?$/i.test(appProtocol)
    ? `has appProtocol ${appProtocol}; gRPC takes kubernetes.io/h2c, grpc, or none`
    : null;
}

/** No part of a name: names of Kubernetes have no plus sign. */
const http2Suffix = "+h2";

/** The name of a cluster that is spoken to in HTTP/2, whatever the Service or Backend says: gRPC takes it. */
export const overHttp2 = (cluster: string): string => `${cluster}${http2Suffix}`;

/** Takes such a name apart. */
export function readOverHttp2(name: string): { readonly place: string; readonly isHttp2: boolean } {
  const isHttp2 = name.endsWith(http2Suffix);
  return { place: isHttp2 ? name.slice(0, -http2Suffix.length) : name, isHttp2 };
}

const tcpSuffix = "+tcp";

/** The name of a cluster that connections are passed on to: whatever its ports speak. */
export const overTcp = (cluster: string): string => `${cluster}${tcpSuffix}`;

const udpSuffix = "+udp";

/** The same for datagrams. */
export const overUdp = (cluster: string): string => `${cluster}${udpSuffix}`;

export type Transport = "TCP" | "UDP";

/** Takes such a name apart; `transport` is null where requests go there. */
export function readTransport(name: string): {
  readonly place: string;
  readonly transport: Transport | null;
} {
  if (name.endsWith(tcpSuffix)) return { place: name.slice(0, -tcpSuffix.length), transport: "TCP" };
  if (name.endsWith(udpSuffix)) return { place: name.slice(0, -udpSuffix.length), transport: "UDP" };
  return { place: name, transport: null };
}

/** The protocol of the port by that number; HTTP/1.1 where no such port can be reached. */
export function servicePortProtocol({ spec: { ports = [] } }: Service, number: number): ClusterProtocol {
  for (const port of ports) {
    const read = port.port === number ? readAppProtocol(port) : "";
    if (typeof read !== "string") return read.protocol;
  }
  return "http1";
}
