import { formatIpv4, formatIpv6, mappedIpv4 } from "../../message/index.ts";

/** Between whom the connection is that a proxy passes on. Addresses are IP, in one form: IPv4 never as ::ffff:. */
export interface ProxyAddresses {
  readonly sourceAddress: string;
  readonly sourcePort: number;
  readonly destinationAddress: string;
  readonly destinationPort: number;
}

export interface ProxyHeader {
  /** Octets of the header; what follows is the connection's own. */
  readonly length: number;
  readonly version: 1 | 2;
  /**
   * Null where the connection's own addresses hold: the proxy speaks for itself (LOCAL), does not know (UNKNOWN,
   * AF_UNSPEC), or has a client without an IP address (AF_UNIX).
   */
  readonly addresses: ProxyAddresses | null;
}

/** An IPv6 address as text in its one form. */
export function plainIpv6(groups: readonly number[]): string {
  const mapped = mappedIpv4(groups);
  return mapped >= 0 ? formatIpv4(mapped) : formatIpv6(groups);
}
