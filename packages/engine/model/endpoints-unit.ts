export interface EndpointsUnit {
  readonly kind: "endpoints";
  readonly name: string;
  readonly endpoints: readonly EndpointSpec[];
}

export interface EndpointSpec {
  /** IP address, DNS name, or the path of a unix socket when port is 0. */
  readonly address: string;
  readonly port: number;
  /** Share of traffic against the others'; 0: none. */
  readonly weight: number;
  /** "" where it is not known. */
  readonly zone: string;
  readonly node?: string;
  /** Zones whose callers it is meant for, in place of its own: topology hints of an EndpointSlice. */
  readonly forZones?: readonly string[];
  /** 0 (default) is used first; a higher number when lower ones do not suffice. */
  readonly priority?: number;
  readonly labels?: Readonly<Record<string, string>>;
  /** The DNS name that `address` was found under. Default: there is none. */
  readonly hostname?: string;
  /** The same endpoint's address in the other family. Default: it has none. */
  readonly alternative?: string;
}

/** "10.0.0.1:80", "[::1]:80", "unix:/run/x.sock": an endpoint's name in logs, metrics and session cookies. */
export function endpointName(endpoint: { address: string; port: number }): string {
  if (endpoint.port === 0) return `unix:${endpoint.address}`;
  return endpoint.address.includes(":")
    ? `[${endpoint.address}]:${endpoint.port}`
    : `${endpoint.address}:${endpoint.port}`;
}
