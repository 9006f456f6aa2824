import { Exchange, Fields, RequestHead, ResponseHead } from "../message/index.ts";
import type { PeerTls } from "../message/index.ts";
import { AccessRecord } from "./access-record.ts";

/** Milliseconds since the epoch at which every sample's request head came: 2026-01-31 09:05:07.042 UTC. */
const STARTED = Date.UTC(2026, 0, 31, 9, 5, 7, 42);

export interface SampleOptions {
  path?: string;
  query?: string;
  method?: string;
  authority?: string;
  headers?: readonly (readonly [string, string])[];
  tls?: PeerTls;
}

/** A record of a request that a route took, an endpoint answered with 200, in 3.5 ms: for tests of its text forms. */
export function sampleRecord(options: SampleOptions = {}): AccessRecord {
  const { path = "/cart/7", query = "", method = "GET", authority = "shop.test" } = options;
  // Not Fields.of: what a codec leaves in place is wider than what a filter may add.
  const added = (options.headers ?? []).flatMap(([name, value]) => [name, value]);
  const head = new RequestHead(method, "http", authority, path, query, new Fields("", [], added));
  const peer = { address: "192.0.2.7", port: 1, localAddress: "::1", localPort: 2, tls: options.tls ?? null };
  const match = {
    listener: "shop/web/http",
    listenerIndex: 1,
    route: "shop/cart",
    rule: "0",
    routeIndex: 1,
  };
  const exchange = new Exchange(head, peer, match, 1_000);
  exchange.response = new ResponseHead(200, new Fields());
  exchange.cluster = "service/shop/cart/80";
  exchange.endpoint = "[::1]:4001";
  exchange.endpointIndex = 1;
  exchange.attempts = 1;
  exchange.requestBytes = 5;
  exchange.responseBytes = 110;
  exchange.upstreamStartedMs = 1_000.25;
  exchange.responseHeadMs = 1_002.5;
  exchange.markEnded(1_003.5);
  return new AccessRecord(exchange, STARTED + 3.5);
}
