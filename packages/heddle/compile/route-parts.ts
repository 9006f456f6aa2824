import { policiesOn } from "./attach/index.ts";
import type { PolicyPlace } from "./policy-source.ts";
import type { FactReader } from "./facts.ts";
import type { ListenerView, ParentView } from "./parent-view.ts";
import { policyKinds } from "./policy-kinds.ts";
import type { ParentOutcome } from "./route-parents.ts";
import { listenerPlaces } from "./rule-policies.ts";

/** A route as it is for some of the listeners that take it: a unit of its own. */
export interface RoutePart {
  /** Of settings, client certificate and policies of its listeners; "" where there is none of these. */
  readonly id: string;
  /** Under which settings and client certificate its clusters are reached. */
  readonly upstreamId: string;
  /** A listener of the part, for what policies say of its Gateway and of itself; null where none serves. */
  readonly place: PolicyPlace | null;
  readonly outcomes: readonly ParentOutcome[];
}

/**
 * The parts of a route, by what the Gateways and listeners that serve it add: a request goes on as the one says that it
 * came by, and under the identity of no other. Never empty.
 */
export function routeParts(outcomes: readonly ParentOutcome[], facts: FactReader): readonly RoutePart[] {
  const ids = new Map<ListenerView, string>();
  const parts = new Map<string, { upstreamId: string; place: PolicyPlace | null }>();
  for (const { parent, listeners } of outcomes) {
    if (parent === null) continue;
    for (const listener of listeners) {
      if (!listener.isServed) continue;
      const place = placeOf(parent, listener);
      const policies = listenerPlaces(place).flatMap((one) => [
        ...policiesOn(policyKinds, "rule", one, facts),
        ...policiesOn(policyKinds, "request", one, facts),
      ]);
      const id = [parent.upstreamId, ...new Set(policies)].filter(Boolean).join("+");
      ids.set(listener, id);
      if (!parts.has(id)) parts.set(id, { upstreamId: parent.upstreamId, place });
    }
  }
  if (parts.size === 0) return [{ id: "", upstreamId: "", place: null, outcomes }];
  if (parts.size === 1) return [...parts].map(([id, part]) => ({ id, ...part, outcomes }));
  return [...parts].map(([id, part]) => ({
    id,
    ...part,
    outcomes: outcomes.map((one) => ({
      ...one,
      listeners: one.listeners.filter((listener) => ids.get(listener) === id),
    })),
  }));
}

/** To listeners of ListenerSets the Gateway's policies apply as to all of it, and those of its own listeners do not. */
const placeOf = ({ kind, gateway }: ParentView, listener: ListenerView): PolicyPlace => ({
  kind: "Gateway",
  ...gateway,
  sectionName: kind === "Gateway" ? listener.name : "",
});

/** Names of resources have no "@", and ids of parts all have a slash. */
export const partName = (route: string, id: string) => `${route}@${id === "" ? "default" : id}`;
