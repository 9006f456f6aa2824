import { keyOf, type ResourceKey } from "../../resources/index.ts";
import { compareAge } from "../values/age.ts";
import { problemOf, type CompileProblem } from "../io/compile-problem.ts";
import type { FactReader } from "../pass/facts.ts";
import { intersectHostnames } from "../values/hostnames.ts";
import type { ParentOutcome, RequestRoute } from "./route-parents.ts";
import { makeFinding } from "../io/status.ts";

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
    claims.set(id, { listener: id, hostnames: intersectHostnames(hostname, spec.hostnames ?? []) });
  }
  return [...claims.values()];
}

interface Claimant {
  readonly route: RequestRoute;
  readonly claims: readonly RouteClaim[];
}

/**
 * HTTPRoutes and GRPCRoutes of one listener must not share a host: exactly one of two is accepted, the older, then
 * the one whose "namespace/name" comes first (HTTPRoute and GRPCRoute, `spec.hostnames`). A route loses the listeners
 * where it conflicts, and keeps the others. Returns what each route that loses has lost.
 */
export function findLost(claimants: readonly Claimant[]): Map<ResourceKey, LostListener[]> {
  const lost = new Map<ResourceKey, LostListener[]>();
  const holders = new Map<string, Record<RequestRoute["kind"], HostHolders>>();
  const contested = contestedListeners(claimants);
  const rivals = claimants.filter(({ claims }) => claims.some(({ listener }) => contested.has(listener)));
  for (const { route, claims } of rivals.sort((a, b) => compareAge(a.route, b.route))) {
    const name = `${route.kind} ${route.metadata.namespace}/${route.metadata.name}`;
    const other = route.kind === "HTTPRoute" ? "GRPCRoute" : "HTTPRoute";
    for (const { listener, hostnames } of claims) {
      if (!contested.has(listener)) continue;
      const held = holders.get(listener) ?? { HTTPRoute: new HostHolders(), GRPCRoute: new HostHolders() };
      holders.set(listener, held);
      const hostname = hostnames.find((one) => held[other].find(one) !== null);
      if (hostname === undefined) {
        for (const one of hostnames) held[route.kind].add(one, name);
      } else {
        const winner = held[other].find(hostname)!;
        lost.set(keyOf(route), [...(lost.get(keyOf(route)) ?? []), { listener, winner, hostname }]);
      }
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

/** Who holds which hosts: asked for any overlap without looking at each, since there may be thousands. */
class HostHolders {
  private readonly exact = new Map<string, string>();
  /** By suffix with its dot: ".example". */
  private readonly wildcards = new Map<string, string>();
  /** The first that holds anything below a suffix. */
  private readonly below = new Map<string, string>();

  add(hostname: string, holder: string): void {
    const suffix = hostname.startsWith("*.") ? hostname.slice(1) : null;
    if (hostname === "") this.wildcards.set("", holder);
    else if (suffix === null) this.exact.set(hostname, holder);
    else this.wildcards.set(suffix, holder);
    for (const one of [...(suffix === null ? [] : [suffix]), ...suffixesOf(suffix ?? hostname)]) {
      if (!this.below.has(one)) this.below.set(one, holder);
    }
  }

  /** One that holds some of the hosts that this stands for; null for none. */
  find(hostname: string): string | null {
    const suffix = hostname === "" ? "" : hostname.startsWith("*.") ? hostname.slice(1) : null;
    const own = suffix === null ? this.exact.get(hostname) : this.below.get(suffix);
    if (own !== undefined) return own;
    for (const one of suffixesOf(suffix ?? hostname)) {
      const holder = this.wildcards.get(one);
      if (holder !== undefined) return holder;
    }
    return null;
  }
}

/** The suffixes that stand for a name, from the longest to "", which stands for all: ".b.c", ".c", "" of "a.b.c". */
function suffixesOf(name: string): string[] {
  const suffixes: string[] = [];
  for (let dot = name.indexOf(".", 1); dot > 0; dot = name.indexOf(".", dot + 1))
    suffixes.push(name.slice(dot));
  return [...suffixes, ""];
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
