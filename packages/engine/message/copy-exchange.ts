import { Exchange } from "./exchange.ts";
import type { RequestHead } from "./head.ts";

/** An exchange of its own with what is known of another: `request` is given away, the client and its principal are the same. */
export function copyExchange(original: Exchange, request: RequestHead, nowMs: number): Exchange {
  const { memo: _memo, ...peer } = original.peer;
  const { match, originalPath, originalAuthority } = original;
  const copy = new Exchange(request, peer, match, nowMs, originalPath, originalAuthority);
  copy.matchedPath = original.matchedPath;
  copy.clientAddress = original.clientAddress;
  copy.principal = original.principal;
  copy.traceparent = original.traceparent;
  copy.snapshotVersion = original.snapshotVersion;
  return copy;
}
