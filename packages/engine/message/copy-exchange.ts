import { Exchange } from "./exchange.ts";
import type { RequestHead } from "./head.ts";

/** An exchange of its own with what is known of another: `request` is given away, the client and its principal are the same. */
export function copyExchange(original: Exchange, request: RequestHead, nowMs: number): Exchange {
  // Of its own: the memo is the original's alone, and local addresses are known while its connection lasts.
  const { address, port, localAddress, localPort, tls, destination } = original.peer;
  const peer = { address, port, localAddress, localPort, tls, destination };
  const { match, originalPath, originalAuthority } = original;
  const copy = new Exchange(request, peer, match, nowMs, originalPath, originalAuthority);
  copy.matchedPath = original.matchedPath;
  copy.clientAddress = original.clientAddress;
  copy.principal = original.principal;
  copy.traceparent = original.traceparent;
  copy.snapshotVersion = original.snapshotVersion;
  return copy;
}
