import type { ClusterProtocol } from "@heddle/engine/model";
import type { Service, ServicePort } from "../../resources/index.ts";

/** How a port of a Service is spoken to. */
export interface AppProtocol {
  readonly protocol: ClusterProtocol;
  /** TLS is part of the name: without a BackendTLSPolicy it cannot be done. */
  readonly needsTls: boolean;
}

const http1: AppProtocol = { protocol: "http1", needsTls: false };
const overTls: AppProtocol = { ...http1, needsTls: true };

/**
 * By `appProtocol`, in lower case: the names of KEP-3726, as GEP-1911 has them, and the plain ones of IANA. A WebSocket
 * begins with an upgrade of HTTP/1.1 (RFC 6455), whoever opens it.
 */
const protocols: ReadonlyMap<string, AppProtocol> = new Map([
  ["", http1],
  ["http", http1],
  ["https", overTls],
  ["kubernetes.io/ws", http1],
  ["kubernetes.io/wss", overTls],
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

/** Whether a port can be reached, over TLS if need be: by requests, or by what goes on as it is. */
export function isReachable(port: ServicePort, transport: Transport | null): boolean {
  return transport === null
    ? typeof readAppProtocol(port) !== "string"
    : port.protocol === portProtocolOf(transport);
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

/** How what is not made of requests goes on: connections, TLS that nobody opens here, and datagrams. */
export type Transport = "TCP" | "TLS" | "UDP";

const suffixes: Readonly<Record<Transport, string>> = { TCP: "+tcp", TLS: "+tls", UDP: "+udp" };

/** The name of a cluster that these are passed on to: whatever its ports speak. */
export const overTransport = (transport: Transport, cluster: string): string =>
  `${cluster}${suffixes[transport]}`;

/** Takes such a name apart; `transport` is null where requests go there. */
export function readTransport(name: string): {
  readonly place: string;
  readonly transport: Transport | null;
} {
  for (const transport of ["TCP", "TLS", "UDP"] as const) {
    const suffix = suffixes[transport];
    if (name.endsWith(suffix)) return { place: name.slice(0, -suffix.length), transport };
  }
  return { place: name, transport: null };
}

/** Whether TLS to the backend is Heddle's business: none is put around the client's own, or around datagrams. */
export const mayEncrypt = (transport: Transport | null): boolean => transport === null || transport === "TCP";

/** The protocol of a Service's port that takes it. */
export const portProtocolOf = (transport: Transport): "TCP" | "UDP" => (transport === "UDP" ? "UDP" : "TCP");

/** The protocol of the port by that number; HTTP/1.1 where no such port can be reached. */
export function servicePortProtocol({ spec: { ports = [] } }: Service, number: number): ClusterProtocol {
  for (const port of ports) {
    const read = port.port === number ? readAppProtocol(port) : "";
    if (typeof read !== "string") return read.protocol;
  }
  return "http1";
}
