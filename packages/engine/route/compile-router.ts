import type { ListenerUnit, RouteRule, RouteUnit } from "../model/index.ts";
import { Candidate } from "./candidate.ts";
import { HostIndex } from "./host-index.ts";
import { PathTable } from "./path-table.ts";
import { diffRoutes } from "./diff-routes.ts";
import { compileRegex } from "./regex/index.ts";
import type { RegexResult } from "./regex/index.ts";
import { Router } from "./router.ts";
import type { ServerTable } from "./server-table.ts";

/** Steps of work (a candidate made or filed, a hostname indexed) between two yields: some tens of microseconds. */
export const PACE = 32;

export type ValueOf<T> = (route: RouteUnit, rule: RouteRule, ruleIndex: number) => T;

/**
 * Builds the router of one listener from all routes; those that are attached to none of its servers are passed by.
 * A generator, so that the caller can spread a build of 10,000 routes over turns of the event loop: it yields
 * after a bounded amount of work.
 *
 * `valueOf` is called once per rule of a route object. With `previous`, what was made for a route that is still
 * the same object is used again, values included, and so are tables of hostnames that have the same routes; one of
 * which few routes changed is made from the one before. Leave it out when values have to be made anew. Later changes of
 * a unit are not seen: units are immutable.
 */
export function* compileRouter<T>(
  listener: ListenerUnit,
  routes: Iterable<RouteUnit>,
  valueOf: ValueOf<T>,
  previous?: Router<T>,
): Generator<void, Router<T>> {
  const candidates = new Map<RouteUnit, Candidates<T>>();
  let steps = 0;
  const groups = yield* groupByHost(listener, routes);
  const regexes = new Map<string, RegexResult>();
  const servers = new Map<string, ServerTable<T>>();
  for (const spec of listener.servers) {
    const known = previous?.tables.get(spec.id)?.hosts;
    const tables = new Map<string, PathTable<T>>();
    for (const [hostname, members] of groups.get(spec.id)!) {
      for (const route of members) {
        if (++steps % PACE === 0) yield;
        if (candidates.has(route)) continue;
        const made = previous?.candidates.get(route);
        candidates.set(route, made ?? (yield* makeCandidates(route, valueOf, regexes)));
      }
      tables.set(
        hostname,
        yield* tableOf(members, candidates, known?.valueOf(hostname), previous?.candidates),
      );
    }
    servers.set(spec.id, { spec, hosts: yield* HostIndex.build(tables, PACE) });
  }
  return new Router(yield* indexServers(servers.values()), servers, candidates);
}

/** Of two servers with one hostname the first counts. */
export function* indexServers<T>(
  servers: Iterable<ServerTable<T>>,
): Generator<void, HostIndex<ServerTable<T>>> {
  const byHostname = new Map<string, ServerTable<T>>();
  for (const server of servers) {
    if (!byHostname.has(server.spec.hostname)) byHostname.set(server.spec.hostname, server);
  }
  return yield* HostIndex.build(byHostname, PACE);
}

/** Of one route. */
export type Candidates<T> = readonly Candidate<T>[];
type CandidatesOf<T> = ReadonlyMap<RouteUnit, Candidates<T>>;
type Groups = ReadonlyMap<string, ReadonlyMap<string, RouteUnit[]>>;

/** Routes by server id and hostname. */
function* groupByHost(listener: ListenerUnit, routes: Iterable<RouteUnit>): Generator<void, Groups> {
  const groups = new Map<string, Map<string, RouteUnit[]>>();
  for (const { id } of listener.servers) groups.set(id, new Map());
  let steps = 0;
  for (const route of routes) {
    for (const { server, hostnames } of route.attachments) {
      const byHost = groups.get(server);
      if (byHost === undefined) continue;
      for (const hostname of hostnames) {
        const members = byHost.get(hostname);
        if (members === undefined) byHost.set(hostname, [route]);
        // Two parentRefs may lead to one server: a route's own places follow one another.
        else if (members[members.length - 1] !== route) members.push(route);
        if (++steps % PACE === 0) yield;
      }
    }
    if (++steps % PACE === 0) yield;
  }
  return groups;
}

export function* makeCandidates<T>(
  route: RouteUnit,
  valueOf: ValueOf<T>,
  regexes: Map<string, RegexResult>,
): Generator<void, Candidates<T>> {
  const regexOf = (pattern: string): RegexResult => {
    const known = regexes.get(pattern);
    if (known !== undefined) return known;
    const compiled = compileRegex(pattern);
    regexes.set(pattern, compiled);
    return compiled;
  };
  const made: Candidate<T>[] = [];
  for (const [ruleIndex, rule] of route.rules.entries()) {
    const value = valueOf(route, rule, ruleIndex);
    for (const matchIndex of rule.matches.keys()) {
      made.push(new Candidate(value, route, ruleIndex, matchIndex, regexOf));
    }
    // Once per rule: what `valueOf` builds is not known here.
    yield;
  }
  return made;
}

function* tableOf<T>(
  routes: readonly RouteUnit[],
  candidates: CandidatesOf<T>,
  known: PathTable<T> | undefined,
  previous: CandidatesOf<T> | undefined,
): Generator<void, PathTable<T>> {
  if (known === undefined || previous === undefined) return yield* newTable(routes, candidates);
  const { gone, come } = yield* diffRoutes(known.routes, routes);
  const changes = gone.length + come.length;
  if (changes === 0) return known;
  // To change most of a table costs more than to make it.
  if (changes > routes.length) return yield* newTable(routes, candidates);
  const table = new PathTable<T>(routes, known);
  // Each may be the first to copy a part.
  for (const one of gone.flatMap((route) => previous.get(route)!)) {
    table.remove(one);
    yield;
  }
  for (const one of come.flatMap((route) => candidates.get(route)!)) {
    table.insert(one);
    yield;
  }
  return table;
}

export function* newTable<T>(
  routes: readonly RouteUnit[],
  candidates: CandidatesOf<T>,
): Generator<void, PathTable<T>> {
  const table = new PathTable<T>(routes);
  let steps = 0;
  for (const route of routes) {
    for (const candidate of candidates.get(route)!) {
      table.insert(candidate);
      if (++steps % PACE === 0) yield;
    }
  }
  return table;
}
