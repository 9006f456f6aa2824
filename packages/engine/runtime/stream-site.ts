import { WeightedChoice } from "../balance/index.ts";
import type { Cluster } from "../cluster/index.ts";
import type { DatagramHandler, StreamHandler } from "../listener/index.ts";
import type { MatchInfo } from "../message/index.ts";
import type { ListenerUnit, StreamRouteUnit } from "../model/index.ts";
import { StreamRelay, UdpFlow } from "../proxy/index.ts";
import type { FlowContext, StreamRule } from "../proxy/index.ts";
import { StreamTable } from "../route/index.ts";

export interface StreamSiteContext {
  readonly flow: FlowContext;
  cluster(name: string): Cluster | null;
  indexOf(key: string): number;
}

/** What a bound listener does with connections that it passes on; null where all of its servers take requests. */
export function buildStreamSite(
  unit: ListenerUnit,
  routes: readonly StreamRouteUnit[],
  context: StreamSiteContext,
): StreamHandler | null {
  if (unit.protocol === "UDP" || unit.servers.every(({ stream }) => stream === undefined)) return null;
  const listener = { name: unit.name, index: context.indexOf(`listener:${unit.name}`) };
  const table = StreamTable.build(unit.servers, routes, (route) => buildStreamRule(route, listener, context));
  return {
    passes: (serverName) => table.find(serverName)?.spec.stream === "passthrough",
    open(accepted, peer, serverName, isOpened, owner) {
      const found = table.find(serverName);
      if (found === null) return null;
      const { spec, value } = found;
      if (spec.stream === undefined) return isOpened ? "requests" : null;
      // The configuration may have changed since the first octets: what is opened is never passed on as TLS.
      if (value === null || isOpened !== (spec.stream === "opened")) return null;
      const origin = { server: spec.id, isOpened, serverName };
      return new StreamRelay(context.flow, owner, accepted.connection, peer, origin, value);
    },
    keeps: ({ server, isOpened }) =>
      unit.servers.some(
        ({ id, stream }) => id === server && stream === (isOpened ? "opened" : "passthrough"),
      ),
  };
}

function buildStreamRule(
  route: StreamRouteUnit,
  listener: { readonly name: string; readonly index: number },
  context: StreamSiteContext,
): StreamRule {
  return {
    info: {
      listener: listener.name,
      listenerIndex: listener.index,
      route: route.name,
      rule: route.rule,
      routeIndex: context.indexOf(`route:${route.name}/${route.rule}`),
    },
    backends: new WeightedChoice(
      route.backends.map(({ cluster, weight }) => ({
        item: { cluster: cluster === null ? null : context.cluster(cluster) },
        weight,
      })),
    ),
    idleMs: route.idleMs ?? 0,
  };
}

/**
 * What a UDP port does with its datagrams. Sessions outlive a swap of the Snapshot, so the rule is the same object
 * while the route and its clusters are.
 */
export class UdpSite implements DatagramHandler {
  private readonly info: MatchInfo;
  private readonly context: StreamSiteContext;
  private route: StreamRouteUnit | null = null;
  private clusters: readonly (Cluster | null)[] = [];
  private rule: StreamRule | null = null;

  constructor(unit: ListenerUnit, context: StreamSiteContext) {
    const listenerIndex = context.indexOf(`listener:${unit.name}`);
    this.info = { listener: unit.name, listenerIndex, route: "", rule: "", routeIndex: -1 };
    this.context = context;
  }

  /** Takes the routes of a new Snapshot: of those of the port the oldest counts. */
  update(unit: ListenerUnit, routes: readonly StreamRouteUnit[]): void {
    const table = StreamTable.build(unit.servers, routes, (route) => route);
    const route = table.find("")?.value ?? null;
    const clusters = (route?.backends ?? []).map(({ cluster }) =>
      cluster === null ? null : this.context.cluster(cluster),
    );
    if (route === this.route && clusters.every((cluster, at) => cluster === this.clusters[at])) return;
    this.route = route;
    this.clusters = clusters;
    const listener = { name: this.info.listener, index: this.info.listenerIndex };
    this.rule = route === null ? null : buildStreamRule(route, listener, this.context);
  }

  get idleMs(): number {
    return this.rule?.idleMs ?? 0;
  }

  open: DatagramHandler["open"] = (peer, reply, failed) =>
    new UdpFlow(this.context.flow, peer, () => this.rule, this.info, reply, failed);
}
