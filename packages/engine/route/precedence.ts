import type { CallCondition } from "./call-condition.ts";
import type { Candidate, PathType } from "./candidate.ts";

/**
 * The Gateway API leaves the place of regular expressions to the implementation. Here: after Exact and before
 * every prefix, the longer pattern first, as Envoy Gateway has it.
 */
const RANK: Readonly<Record<PathType, number>> = { Call: 0, Exact: 0, RegularExpression: 1, PathPrefix: 2 };

/**
 * Below zero when `a` goes before `b` among matches for one hostname (HTTPRouteMatch of Gateway API v1.6.1): the
 * path's type and number of characters; a method; the number of headers; of query parameters; the older route;
 * the lower "namespace/name"; the first rule; the first match.
 *
 * Of GRPCRoutes (GRPCRouteRule.matches): the number of characters of the service; of the method; of headers; then as
 * above. Exact values go before patterns, the longer pattern first, since how much a pattern matches depends on the
 * request.
 */
export function comparePrecedence(a: Candidate<unknown>, b: Candidate<unknown>): number {
  return (
    RANK[a.pathType] - RANK[b.pathType] ||
    (a.call !== null && b.call !== null ? compareCalls(a.call, b.call) : b.path.length - a.path.length) ||
    Number(b.method !== "") - Number(a.method !== "") ||
    b.headers.length - a.headers.length ||
    b.queryParams.length - a.queryParams.length ||
    a.route.createdMs - b.route.createdMs ||
    compareText(a.route.name, b.route.name) ||
    a.ruleIndex - b.ruleIndex ||
    a.matchIndex - b.matchIndex
  );
}

function compareCalls(a: CallCondition, b: CallCondition): number {
  return b.serviceRank - a.serviceRank || b.methodRank - a.methodRank;
}

/** By code unit: the same everywhere, whatever the locale. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Inserts into a list in order of precedence: never a long sort in one go, as a build runs in slices. */
function insertInOrder<T>(list: Candidate<T>[], candidate: Candidate<T>): void {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (comparePrecedence(list[middle], candidate) <= 0) low = middle + 1;
    else high = middle;
  }
  if (low === list.length) list.push(candidate);
  else list.splice(low, 0, candidate);
}

/** The list with one more; a copy where others have it too. */
export function withCandidate<T>(
  list: Candidate<T>[] | undefined,
  candidate: Candidate<T>,
  isShared: boolean,
): Candidate<T>[] {
  if (list === undefined) return [candidate];
  const own = isShared ? [...list] : list;
  insertInOrder(own, candidate);
  return own;
}

/** A copy of the list without one of it. */
export function without<T>(list: readonly Candidate<T>[], candidate: Candidate<T>): Candidate<T>[] {
  const at = list.indexOf(candidate);
  return at < 0 ? [...list] : list.toSpliced(at, 1);
}
