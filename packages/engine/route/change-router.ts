import type { RouteUnit } from "../model/index.ts";
import { indexServers, makeCandidates, newTable, PACE } from "./compile-router.ts";
import type { Candidates, ValueOf } from "./compile-router.ts";
import { PathTable } from "./path-table.ts";
import type { RegexResult } from "./regex/index.ts";
import { Router } from "./router.ts";
import type { ServerTable } from "./server-table.ts";

/** Routes that left and routes that came; one that changed is in both. What a router does not have, or has, is passed by. */
export interface RouteChange {
  readonly gone: Iterable<RouteUnit>;
  readonly come: Iterable<RouteUnit>;
}

/** The same of one hostname of a server. */
interface HostChange {
  readonly gone: Set<RouteUnit>;
  readonly come: Set<RouteUnit>;
}

/**
 * Makes a router out of another by a few changes of its routes; what was made for the others is used again, and not
 * looked at. In steps, as `compileRouter`. The other one finds what it found before, but its `candidates` are the new
 * one's from now on: it can neither be explained nor changed once more.
 */
export function* changeRouter<T>(
  previous: Router<T>,
  change: RouteChange,
  valueOf: ValueOf<T>,
): Generator<void, Router<T>> {
  const candidates = previous.candidates as Map<RouteUnit, Candidates<T>>;
  const gone = Array.from(change.gone).filter((route) => candidates.has(route));
  const come = Array.from(change.come).filter((route) => isOf(previous, route) && !candidates.has(route));
  const regexes = new Map<string, RegexResult>();
  for (const route of come) candidates.set(route, yield* makeCandidates(route, valueOf, regexes));
  const servers = new Map(previous.tables);
  for (const [id, byHost] of groupByHost(gone, come)) {
    const server = servers.get(id);
    if (server !== undefined) servers.set(id, yield* changedServer(server, byHost, candidates));
  }
  for (const route of gone) candidates.delete(route);
  return new Router(yield* indexServers(servers.values()), servers, candidates);
}

const isOf = (router: Router<unknown>, route: RouteUnit): boolean =>
  route.attachments.some(({ server }) => router.tables.has(server));

type HostChanges = ReadonlyMap<string, HostChange>;

/** By server id, then by hostname. */
function groupByHost(gone: readonly RouteUnit[], come: readonly RouteUnit[]): Map<string, HostChanges> {
  const groups = new Map<string, Map<string, HostChange>>();
  const note = (route: RouteUnit, what: keyof HostChange): void => {
    for (const { server, hostnames } of route.attachments) {
      const byHost = groups.get(server) ?? new Map<string, HostChange>();
      groups.set(server, byHost);
      for (const hostname of hostnames) {
        const found = byHost.get(hostname) ?? { gone: new Set(), come: new Set() };
        byHost.set(hostname, found);
        found[what].add(route);
      }
    }
  };
  for (const route of gone) note(route, "gone");
  for (const route of come) note(route, "come");
  return groups;
}

function* changedServer<T>(
  { spec, hosts }: ServerTable<T>,
  byHost: HostChanges,
  candidates: ReadonlyMap<RouteUnit, Candidates<T>>,
): Generator<void, ServerTable<T>> {
  const tables = new Map<string, PathTable<T> | undefined>();
  for (const [hostname, change] of byHost) {
    tables.set(hostname, yield* changedTable(hosts.valueOf(hostname), change, candidates));
  }
  return { spec, hosts: yield* hosts.changed(tables, PACE) };
}

/** Undefined where no route is left. */
function* changedTable<T>(
  known: PathTable<T> | undefined,
  { gone, come }: HostChange,
  candidates: ReadonlyMap<RouteUnit, Candidates<T>>,
): Generator<void, PathTable<T> | undefined> {
  if (known === undefined) return yield* newTable([...come], candidates);
  const routes = yield* changedRoutes(known.routes, gone, come);
  if (routes.length === 0) return undefined;
  const table = new PathTable<T>(routes, known);
  // Each may be the first to copy a part.
  for (const route of gone) {
    for (const one of candidates.get(route)!) {
      table.remove(one);
      yield;
    }
  }
  for (const route of come) {
    for (const one of candidates.get(route)!) {
      table.insert(one);
      yield;
    }
  }
  return table;
}

/** A list is copied and looked through for one route in microseconds; to ask of each whether it is gone takes far longer. */
function* changedRoutes(
  known: readonly RouteUnit[],
  gone: ReadonlySet<RouteUnit>,
  come: ReadonlySet<RouteUnit>,
): Generator<void, readonly RouteUnit[]> {
  const left = known.slice();
  for (const route of gone) {
    const at = left.indexOf(route);
    if (at >= 0) left.splice(at, 1);
    yield;
  }
  return left.concat([...come]);
}
