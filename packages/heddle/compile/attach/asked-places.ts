import type { FactName, FactReader } from "../pass/facts.ts";
import type { PolicyPlace } from "../policies/policy-source.ts";

/** Those of the places that have policies of any kind, or whose namespace denies: most have none, and are asked no more. */
export function askedPlaces(chain: readonly PolicyPlace[], facts: FactReader): readonly PolicyPlace[] {
  return chain.filter(
    (place) => kindsOf(place.attachedFact, facts).length + kindsOf(place.denyingFact, facts).length > 0,
  );
}

/** Whether policies of a kind are attached to a place, or to a part of it. */
export const isClaimed = (kind: string, place: PolicyPlace, facts: FactReader): boolean =>
  kindsOf(place.attachedFact, facts).includes(kind);

/** Whether policies of a kind have the namespace of a place deny. */
export const isDenied = (kind: string, place: PolicyPlace, facts: FactReader): boolean =>
  kindsOf(place.denyingFact, facts).includes(kind);

const none: readonly string[] = [];

const kindsOf = (fact: FactName, facts: FactReader): readonly string[] =>
  (facts.read(fact) as readonly string[] | undefined) ?? none;
