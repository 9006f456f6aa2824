import { makeFault } from "@heddle/engine/base";
import { Exchange, Fields, IN_PROCESS_PEER, RequestHead, ResponseHead } from "@heddle/engine/message";
import { MetricsRegistry, WorkerLane } from "@heddle/engine/observe";

/** A registry in which every metric has counted something: for tests of what is rendered. */
export function sampleRegistry(): MetricsRegistry {
  const registry = new MetricsRegistry();
  const lane = new WorkerLane(registry.openLane(0, 1));
  const socket = registry.allocate("listener:[::]/8080");
  const match = {
    listener: "shop/web/http",
    listenerIndex: registry.allocate("listener:shop/web/http"),
    route: "shop/catalog",
    rule: "0",
    routeIndex: registry.allocate("route:shop/catalog/0"),
  };
  const cluster = registry.allocate("cluster:service/shop/catalog/80");
  const endpoint = registry.allocate("endpoint:service/shop/catalog/80|[::1]:4001");
  registry.allocate("route:shop/unused/0");

  lane.connectionOpened(socket);
  lane.connectionOpened(socket);
  lane.connectionClosed(socket);
  lane.tlsHandshake(socket, true, true);
  lane.tlsHandshake(socket, false, false);
  lane.upstreamOpened(cluster, endpoint);
  lane.upstreamClosed(cluster, endpoint);
  lane.upstreamConnectFailed(cluster, endpoint);
  lane.endpointEjected(cluster, endpoint);
  lane.concurrencyLimit(cluster, 8);
  lane.hedged(cluster, false);
  lane.hedged(cluster, true);
  lane.endpointHealth(endpoint, false);
  lane.healthChecked(endpoint, false);
  lane.requestStarted(match.listenerIndex);
  for (const [status, ms] of [
    [200, 2],
    [201, 4],
    [504, 80],
  ]) {
    const head = new RequestHead("GET", "http", "shop.test", "/", "", new Fields());
    const exchange = new Exchange(head, IN_PROCESS_PEER, match, 1);
    exchange.clusterIndex = cluster;
    exchange.endpointIndex = endpoint;
    exchange.requestBytes = 10;
    exchange.responseBytes = 100;
    exchange.attempts = status === 504 ? 2 : 1;
    exchange.response = new ResponseHead(status, new Fields());
    exchange.grpcStatus = status === 504 ? 4 : status === 201 ? 13 : 0;
    if (status === 504) exchange.fault = makeFault("HDL_UPSTREAM_TIMEOUT", "no response head in 80 ms");
    else [exchange.upstreamStartedMs, exchange.responseHeadMs] = [1, ms];
    lane.requestStarted(match.listenerIndex);
    lane.attemptStarted(cluster, endpoint);
    lane.upstreamReused(cluster);
    lane.attemptEnded(cluster, endpoint, status === 504);
    exchange.markEnded(1 + ms);
    lane.recordExchange(exchange);
  }
  lane.datagram(match.listenerIndex, true);
  lane.datagramDropped(match.listenerIndex);
  lane.requestRefused(-1, "HDL_REQUEST_MALFORMED");
  lane.refused("connection-limit");
  lane.countEvent(lane.eventCounter("cors", "preflight"));
  lane.countEvent(lane.eventCounter("default/tenant", "over-budget"));
  lane.setLogLines(10, 2);
  lane.setLoopDelayMax(12);
  lane.setLoopState(5, 0.25);
  lane.shed(3);
  lane.setSnapshotVersion(7);
  registry.countRestart();
  return registry;
}
