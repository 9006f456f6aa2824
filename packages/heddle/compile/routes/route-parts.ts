import { askedPlaces, policiesOn, type PolicyStage } from "../attach/index.ts";
import { classPlace, namespacePlace, withNamespace, PolicyPlace } from "../policies/policy-source.ts";
import type { FactReader } from "../pass/facts.ts";
import type { ListenerView, ParentView } from "./parent-view.ts";
import { policyKinds } from "../policies/policy-kinds.ts";
import type { ParentOutcome } from "./route-parents.ts";

/** A route as it is for some of the listeners that take it: a unit of its own. */
export interface RoutePart {
  /** Of settings, client certificate and policies of its listeners; "" where there is none of these. */
  readonly id: string;
  /** Under which settings and client certificate its clusters are reached. */
  readonly upstreamId: string;
  /** What policies say of a listener of the part: places of a chain, the least specific first; [] where none serves. */
  readonly places: readonly PolicyPlace[];
  readonly outcomes: readonly ParentOutcome[];
}

/**
 * The parts of a route, by what the Gateways and listeners that serve it add: a request goes on as the one says that it
 * came by, and under the identity of no other. Never empty.
 */
export function routeParts(outcomes: readonly ParentOutcome[], facts: FactReader): readonly RoutePart[] {
  const ids = new Map<ListenerView, string>();
  const parts = new Map<string, { upstreamId: string; places: readonly PolicyPlace[] }>();
  for (const { parent, listeners } of outcomes) {
    if (parent === null) continue;
    for (const listener of listeners) {
      if (!listener.isServed) continue;
      const places = placesIn(parent, listener);
      const id = partId(parent, places, ["rule", "request"], facts);
      ids.set(listener, id);
      if (!parts.has(id)) parts.set(id, { upstreamId: parent.upstreamId, places });
    }
  }
  if (parts.size === 0) return [{ id: "", upstreamId: "", places: [], outcomes }];
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

/** Of settings, client certificate and policies: see `RoutePart.id`. */
export function partId(
  { upstreamId }: ParentView,
  places: readonly PolicyPlace[],
  stages: readonly PolicyStage[],
  facts: FactReader,
): string {
  const policies = askedPlaces(places, facts).flatMap((place) =>
    stages.flatMap((stage) => policiesOn(policyKinds, stage, place, facts)),
  );
  return [upstreamId, ...new Set(policies)].filter(Boolean).join("+");
}

/** By listener: thousands of routes ask about the same few. */
const known = new WeakMap<ListenerView, readonly PolicyPlace[]>();

/** As `placesOf`; the same objects for all routes that a listener takes. */
export function placesIn(parent: ParentView, listener: ListenerView): readonly PolicyPlace[] {
  let places = known.get(listener);
  if (places === undefined) known.set(listener, (places = placesOf(parent, listener)));
  return places;
}

/**
 * The places of a listener that policies can be attached to, the least specific first. To listeners of ListenerSets the
 * Gateway's policies apply as to all of it, and those of its own listeners do not; those of the ListenerSet go before them.
 */
export function placesOf(
  parent: Pick<ParentView, "kind" | "namespace" | "name" | "gateway" | "className">,
  { name: sectionName }: Pick<ListenerView, "name">,
): readonly PolicyPlace[] {
  const { kind, namespace, name, gateway } = parent;
  const above = [classPlace(parent.className), namespacePlace(gateway.namespace)];
  if (kind === "Gateway")
    return [...above, new PolicyPlace(kind, gateway.namespace, gateway.name, sectionName)];
  const ofGateway = new PolicyPlace("Gateway", gateway.namespace, gateway.name);
  return [
    ...withNamespace([...above, ofGateway], namespace),
    new PolicyPlace(kind, namespace, name, sectionName),
  ];
}

/** Names of resources have no "@", and ids of parts all have a slash. */
export const partName = (route: string, id: string) => `${route}@${id === "" ? "default" : id}`;
