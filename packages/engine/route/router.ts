import { hostOf } from "../message/index.ts";
import type { RequestHead } from "../message/index.ts";
import type { RouteUnit, ServerSpec } from "../model/index.ts";
import type { Candidate, RouteEntry } from "./candidate.ts";
import { explainRoute } from "./explain.ts";
import type { Explanation } from "./explain.ts";
import type { HostIndex } from "./host-index.ts";
import type { ServerTable } from "./server-table.ts";

/**
 * The routes of one bound address and port. A request is found in three steps:
 *
 *   1. the server with the most specific hostname; servers are isolated: no other one is asked
 *   2. hostnames of its routes: exact, then the longest wildcard, then any. One that matches without having a
 *      match for the request hands it on to the next
 *   3. path, method, headers, query, age, name, order (see precedence.ts)
 *
 * Immutable; made by `compileRouter`.
 */
export class Router<T> {
  private readonly servers: HostIndex<ServerTable<T>>;
  /** @internal what the next build may reuse */
  readonly tables: ReadonlyMap<string, ServerTable<T>>;
  /** @internal */
  readonly candidates: ReadonlyMap<RouteUnit, readonly Candidate<T>[]>;

  constructor(
    servers: HostIndex<ServerTable<T>>,
    tables: ReadonlyMap<string, ServerTable<T>>,
    candidates: ReadonlyMap<RouteUnit, readonly Candidate<T>[]>,
  ) {
    this.servers = servers;
    this.tables = tables;
    this.candidates = candidates;
  }

  /** The rule for a request; null for none: no server for its host, or no match (both 404, Gateway API). */
  find(head: RequestHead): RouteEntry<T> | null {
    const host = normalHost(head.authority);
    const server = this.servers.find(host);
    if (server === null) return null;
    let level = server.value.hosts.find(host);
    while (level !== null) {
      const found = level.value.find(head);
      if (found !== null) return found;
      level = level.fallback;
    }
    return null;
  }

  /** The server for a host or authority in any case, or a TLS server name; null when no hostname matches. */
  findServer(host: string): ServerSpec | null {
    return this.servers.find(normalHost(host.toLowerCase()))?.value.spec ?? null;
  }

  /** Every candidate of the request's server, in order of precedence, with why it did or did not match. Not hot. */
  explain(head: RequestHead): Explanation<T> {
    const host = normalHost(head.authority);
    const server = this.servers.find(host)?.value ?? null;
    return explainRoute(host, head, server, this.candidates);
  }
}

/** Most requests have the authority of the one before, the same text: a host cut anew is to be hashed anew. */
let lastAuthority = "";
let lastHost = "";

/** Without port and trailing dot. */
function normalHost(authority: string): string {
  if (authority !== lastAuthority) {
    const host = hostOf(authority);
    lastHost = host.charCodeAt(host.length - 1) === 46 ? host.slice(0, -1) : host;
    lastAuthority = authority;
  }
  return lastHost;
}
