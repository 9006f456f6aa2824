import { keyOf, type ResourceKey } from "../resources/index.ts";
import { compareAge } from "./age.ts";
import { problemOf, type CompileProblem } from "./compile-problem.ts";
import type { FactReader } from "./facts.ts";
import { intersectHostname, intersectHostnames } from "./hostnames.ts";
import type { ParentOutcome, RequestRoute } from "./route-parents.ts";
import { makeFinding } from "./status.ts";

/** A listener that takes a route, and the hosts for which it does; "" only where the listener has any. */
export interface RouteClaim {
  readonly listener: string;
  readonly hostnames: readonly string[];
}

/** A listener that does not take a route, since a route of the other kind has some of its hosts. */
interface LostListener {
  readonly listener: string;
  /** "GRPCRoute shop/orders" */
  readonly winner: string;
  readonly hostname: string;
}

/** The fact under which a route finds the listeners that it has lost. */
export const lostFact = (key: ResourceKey) => `~lost/${key}`;

/** What accepted parents give a route, each listener once. */
export function claimsOf({ spec }: RequestRoute, accepted: readonly ParentOutcome[]): RouteClaim[] {
  const claims = new Map<string, RouteClaim>();
  for (const { id, hostname } of accepted.flatMap(({ listeners }) => listeners)) {
    const own = intersectHostnames(hostname, spec.hostnames ?? []);
    claims.set(id, { listener: id, hostnames: own.map((one) => (one === "" ? hostname : one)) });
  }
  return [...claims.values()];
}

interface Claimant {
  readonly route: RequestRoute;
  readonly claims: readonly RouteClaim[];
}

interface Holder {
  readonly route: RequestRoute;
  readonly hostnames: readonly string[];
}

/**
 * HTTPRoutes and GRPCRoutes of one listener must not share a host: exactly one of two is accepted, the older, then
 * the one whose "namespace/name" comes first (HTTPRoute and GRPCRoute, `spec.hostnames`). A route loses the listeners
 * where it conflicts, and keeps the others. Returns what each route that loses has lost.
 */
export function findLost(claimants: readonly Claimant[]): Map<ResourceKey, LostListener[]> {
  const lost = new Map<ResourceKey, LostListener[]>();
  const holders = new Map<string, Holder[]>();
  const contested = contestedListeners(claimants);
  for (const { route, claims } of [...claimants].sort((a, b) => compareAge(a.route, b.route))) {
    for (const { listener, hostnames } of claims) {
      if (!contested.has(listener)) continue;
      const held = holders.get(listener) ?? [];
      holders.set(listener, held);
      const found = findOther(route, hostnames, held);
      if (found === null) held.push({ route, hostnames });
      else lost.set(keyOf(route), [...(lost.get(keyOf(route)) ?? []), { listener, ...found }]);
    }
  }
  return lost;
}

/** Listeners with routes of both kinds: on others nothing can conflict. */
function contestedListeners(claimants: readonly Claimant[]): ReadonlySet<string> {
  const byKind = { HTTPRoute: new Set<string>(), GRPCRoute: new Set<string>() };
  for (const { route, claims } of claimants) {
    for (const { listener } of claims) byKind[route.kind].add(listener);
  }
  return byKind.HTTPRoute.intersection(byKind.GRPCRoute);
}

function findOther(route: RequestRoute, hostnames: readonly string[], held: readonly Holder[]) {
  for (const other of held) {
    if (other.route.kind === route.kind) continue;
    for (const hostname of hostnames) {
      const both = other.hostnames.map((one) => intersectHostname(hostname, one)).find((one) => one !== null);
      if (both === undefined) continue;
      const { namespace, name } = other.route.metadata;
      return { winner: `${other.route.kind} ${namespace}/${name}`, hostname: both };
    }
  }
  return null;
}

interface ResolvedParents {
  readonly outcomes: readonly ParentOutcome[];
  readonly problems: readonly CompileProblem[];
}

/** Takes the listeners away that the route has lost; a parent without any left does not accept it. */
export function withoutLost(
  route: RequestRoute,
  parents: ResolvedParents,
  facts: FactReader,
): ResolvedParents {
  const lost = facts.read(lostFact(keyOf(route))) as readonly LostListener[] | undefined;
  if (lost === undefined) return parents;
  const problems = [...parents.problems];
  const outcomes = parents.outcomes.map((outcome, index): ParentOutcome => {
    const taken = outcome.listeners.flatMap(({ id }) => lost.find(({ listener }) => listener === id) ?? []);
    if (taken.length === 0) return outcome;
    const listeners = outcome.listeners.filter(({ id }) => !taken.some(({ listener }) => listener === id));
    const messages = taken.map(
      ({ listener, winner, hostname }) =>
        `listener ${listener} has ${winner} for ${hostname === "" ? "any host" : hostname}, and HTTPRoutes and GRPCRoutes cannot share hosts; use other hostnames`,
    );
    const path = `spec.parentRefs[${index}]`;
    const finding = makeFinding("HostnameConflict", path, messages.join("; "));
    problems.push(problemOf(keyOf(route), finding));
    return { ...outcome, listeners, refused: listeners.length === 0 ? finding : null };
  });
  return { outcomes, problems };
}
