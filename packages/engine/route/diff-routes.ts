import { commonEnds } from "../base/index.ts";
import type { RouteUnit } from "../model/index.ts";

/** Routes between two yields: some tens of microseconds. */
const PACE = 512;

export interface RouteDiff {
  readonly gone: readonly RouteUnit[];
  readonly come: readonly RouteUnit[];
}

/** What leads from one list of routes, each there once, to another, whatever their order. */
export function* diffRoutes(
  before: readonly RouteUnit[],
  after: readonly RouteUnit[],
): Generator<void, RouteDiff> {
  const { start, end } = commonEnds(before, after);
  const [old, young] = [before.slice(start, before.length - end), after.slice(start, after.length - end)];
  return { gone: yield* missingFrom(young, old), come: yield* missingFrom(old, young) };
}

function* missingFrom(
  there: readonly RouteUnit[],
  asked: readonly RouteUnit[],
): Generator<void, readonly RouteUnit[]> {
  if (there.length === 0 || asked.length === 0) return asked;
  const known = new Set<RouteUnit>();
  let steps = 0;
  for (const route of there) {
    known.add(route);
    if (++steps % PACE === 0) yield;
  }
  const missing: RouteUnit[] = [];
  for (const route of asked) {
    if (!known.has(route)) missing.push(route);
    if (++steps % PACE === 0) yield;
  }
  return missing;
}
