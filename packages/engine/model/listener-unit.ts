import type { ListenerSettings } from "./listener-settings.ts";
import type { FilterSpec } from "./route-unit.ts";

/** One bound address and port. Several Gateway listeners may share it, told apart by host name (or SNI). */
export interface ListenerUnit {
  readonly kind: "listener";
  /** "address/port": "[::]/8080", "127.80.0.1/443"; of UDP "[::]/53/udp". */
  readonly name: string;
  /** IP to bind; "::" is dual-stack. */
  readonly address: string;
  readonly port: number;
  /** HTTPS has servers of HTTPS and TLS listeners; TCP and UDP have one server. */
  readonly protocol: "HTTP" | "HTTPS" | "TCP" | "UDP";
  /** The first by precedence first. At most one has each hostname. */
  readonly servers: readonly ServerSpec[];
  /** For all connections that are decrypted here. Default: clients are not asked. */
  readonly clientValidation?: ClientValidation;
  /** As of a server, for hosts that none has. Default: none. */
  readonly unrouted?: readonly FilterSpec[];
  readonly settings: ListenerSettings;
}

export interface ServerSpec {
  /**
   * "namespace/gateway/listener", or "namespace/gateway/namespace/listenerset/listener": the id that routes attach
   * to, and of counters.
   */
  readonly id: string;
  /** "" for every host, "shop.example", "*.example". Lower-case. */
  readonly hostname: string;
  readonly tls: ServerTls | null;
  /**
   * Absent where it takes requests. Else connections go on as they are: "opened" as TCP, or as what TLS carried;
   * "passthrough" as TLS that nobody opens here.
   */
  readonly stream?: "opened" | "passthrough";
  /** What requests pass that none of its routes takes, on their way to being refused. Default: none. */
  readonly unrouted?: readonly FilterSpec[];
}

/** How clients of a bound port are asked for certificates. */
export interface ClientValidation {
  /** PEM of the authorities that may have signed them. */
  readonly caPem: string;
  /** "AllowInsecureFallback" asks, and takes every client. */
  readonly mode: "AllowValidOnly" | "AllowInsecureFallback";
}

export interface ServerTls {
  /** Names of secret units, in order of preference; the first whose certificate names match the SNI serves. */
  readonly certificates: readonly string[];
  /** Default TLSv1.2. */
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
  /** ALPN protocols that are spoken, the preferred one first. Default ["h2", "http/1.1"]. */
  readonly alpn: readonly string[];
}
