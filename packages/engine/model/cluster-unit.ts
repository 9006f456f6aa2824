import type { BalancingSpec } from "./balancing-spec.ts";
import type { ClusterSettings } from "./cluster-settings.ts";
import type { HealthCheckSpec } from "./health-check-spec.ts";

export interface ClusterUnit {
  readonly kind: "cluster";
  /** "service/namespace/name/port" or "backend/namespace/name". */
  readonly name: string;
  /**
   * HTTP/1.1; HTTP/2, in clear text by prior knowledge; or what ALPN agrees on, which takes TLS.
   */
  readonly protocol: ClusterProtocol;
  /** Name of the endpoints unit. */
  readonly endpoints: string;
  readonly balancing: BalancingSpec;
  readonly tls: ClusterTls | null;
  readonly settings: ClusterSettings;
  /**
   * The PROXY protocol's header that connections begin with, of that version: each then carries what one connection of
   * a client sends, and no other's. Absent: none.
   */
  readonly proxyProtocol?: "v1" | "v2";
  /** Absent: health is known from traffic alone. */
  readonly healthCheck?: HealthCheckSpec;
}

export type ClusterProtocol = "http1" | "http2" | "auto";

export interface ClusterTls {
  /** SNI, and the name checked in the certificate where there are no `subjectAltNames`. */
  readonly serverName: string;
  /** Of which the certificate must have one; the server name is then no authentication. Default none. */
  readonly subjectAltNames?: readonly AltName[];
  /** Why no connection may be made: the policy that asks for TLS cannot be followed. Default: none. */
  readonly refusal?: string;
  /** PEM of trusted roots; null for the system's, see AuthoritiesUnit. */
  readonly caPem: string | null;
  readonly insecureSkipVerify: boolean;
  /** Name of the secret unit that is shown to servers which ask for a certificate. Default none. */
  readonly clientCertificate?: string;
}

/** A name that a peer's certificate may have. A host name may begin with "*."; URIs are compared letter by letter. */
export interface AltName {
  readonly type: "Hostname" | "URI";
  readonly value: string;
}
