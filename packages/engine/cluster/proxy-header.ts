import type { Peer } from "../message/index.ts";
import { encodeProxyHeader } from "../wire/proxy-protocol/index.ts";
import type { ProxyVersion } from "../wire/proxy-protocol/index.ts";

/** What a connection to an endpoint begins with: for that client, or, where there is none, for ourselves. */
export function proxyHeaderOf(version: ProxyVersion, peer: Peer | null): string {
  if (peer === null) return encodeProxyHeader(version, null);
  const { address: sourceAddress, port: sourcePort, destination } = peer;
  return encodeProxyHeader(version, {
    sourceAddress,
    sourcePort,
    destinationAddress: destination?.address ?? peer.localAddress,
    destinationPort: destination?.port ?? peer.localPort,
  });
}
