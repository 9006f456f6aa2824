import type { ServerSpec, StreamRouteUnit } from "../model/index.ts";
import { HostIndex } from "./host-index.ts";

/** A server for a name, and the route that takes its connections; null where none does. */
export interface StreamServer<V> {
  readonly spec: ServerSpec;
  readonly value: V | null;
  /** That of the route: "" (any, or no route), exact or "*.x". */
  readonly hostname: string;
}

interface Entry<V> {
  readonly spec: ServerSpec;
  readonly routes: HostIndex<V>;
}

/**
 * Connections by the name that the client asks for: the listener with the most specific hostname, then of its routes
 * the one with the most specific hostname; of several the oldest, then the lowest name (Gateway API, TLSRoute
 * `hostnames` and TCPRoute). A name that a listener has none of its routes for goes to no other listener.
 */
export class StreamTable<V> {
  private readonly servers: HostIndex<Entry<V>>;

  private constructor(servers: HostIndex<Entry<V>>) {
    this.servers = servers;
  }

  /** The older first, then the lower name: the first one of a hostname has it. */
  static order(routes: readonly StreamRouteUnit[]): StreamRouteUnit[] {
    return [...routes].sort((a, b) => a.createdMs - b.createdMs || (a.name < b.name ? -1 : 1));
  }

  static build<V>(
    servers: readonly ServerSpec[],
    routes: readonly StreamRouteUnit[],
    valueOf: (route: StreamRouteUnit) => V,
  ): StreamTable<V> {
    const ordered = StreamTable.order(routes);
    const entries = new Map<string, Entry<V>>();
    for (const spec of servers) {
      const hostnames = new Map<string, V>();
      for (const route of ordered) {
        for (const attachment of route.attachments) {
          if (attachment.server !== spec.id) continue;
          for (const hostname of attachment.hostnames) {
            if (!hostnames.has(hostname)) hostnames.set(hostname, valueOf(route));
          }
        }
      }
      if (!entries.has(spec.hostname)) entries.set(spec.hostname, { spec, routes: indexOf(hostnames) });
    }
    return new StreamTable(indexOf(entries));
  }

  /** `serverName`: lower-case; "" for none, which only listeners and routes of any name take. Null: no listener has it. */
  find(serverName: string): StreamServer<V> | null {
    const entry = this.servers.find(serverName)?.value;
    if (entry === undefined) return null;
    const found = entry.routes.find(serverName);
    return { spec: entry.spec, value: found?.value ?? null, hostname: found?.hostname ?? "" };
  }
}

function indexOf<V>(entries: ReadonlyMap<string, V>): HostIndex<V> {
  const building = HostIndex.build(entries, Infinity);
  for (;;) {
    const step = building.next();
    if (step.done === true) return step.value;
  }
}
