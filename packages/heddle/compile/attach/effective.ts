import { parseKey, type ResourceKey } from "../../resources/index.ts";
import type { FactReader } from "../pass/facts.ts";
import type { PolicyPlace, PolicySource } from "../policies/policy-source.ts";
import { holderOf, readClaims, readNamespaceDenials, targetKey } from "./claim.ts";
import { setAt, valueAt } from "./field-path.ts";
import { isClaimed, isDenied } from "./asked-places.ts";
import type { PolicyKind, PolicyStage } from "./policy-kind.ts";
import type { Effective, PolicyLevel, PolicySpec } from "./policy.ts";
import { sectionWords } from "./sections.ts";

/**
 * What policies of a kind say of a rule or a cluster along a chain of places, the least specific first: the most
 * specific one that has a field gives it, and of `gathered` ones all that have it are told. Null where there is none.
 */
export function effectiveOf<Spec extends PolicySpec>(
  kind: PolicyKind<Spec>,
  stage: PolicyStage,
  chain: readonly PolicyPlace[],
  facts: FactReader,
): Effective<Spec> | null {
  const found = chain.flatMap((place) => holdersAt(kind, stage, place, facts)).reverse();
  if (found.length === 0) return null;
  const spec: Partial<Spec> = {};
  const sources: PolicySource[] = [];
  const levels = found.filter((holder) => holder.spec !== null).toReversed() as PolicyLevel<Spec>[];
  const broken = found.find((holder) => holder.spec === null);
  for (const [field, of] of Object.entries(kind.fields)) {
    if (of !== stage) continue;
    const first = found.find((holder) => holder.spec !== null && valueAt(holder.spec, field) !== undefined);
    if (first === undefined) continue;
    setAt(spec, field, valueAt(first.spec!, field));
    const givers = kind.gathered?.includes(field) === true ? levels : [first];
    for (const { spec: of, policy, target } of givers) {
      const value = valueAt(of!, field);
      if (value !== undefined) sources.push({ field, value, policy, target });
    }
  }
  const denial = broken === undefined ? "" : `${policyName(broken.policy)} on ${broken.target} has errors`;
  return { spec, levels, sources, denial };
}

/** The policies that rules or clusters follow at a place, by name: where these are equal, what they say is. */
export function policiesOn(
  kinds: readonly PolicyKind[],
  stage: PolicyStage,
  place: PolicyPlace,
  facts: FactReader,
): readonly string[] {
  return kinds.flatMap((kind) => holdersAt(kind, stage, place, facts).map(({ policy }) => policyId(policy)));
}

interface Holder {
  readonly policy: ResourceKey;
  readonly place: PolicyPlace;
  /** Null: it denies. */
  readonly spec: PolicySpec | null;
  /** `HTTPRoute shop/orders rule pay`, or `all of namespace shop`. */
  readonly target: string;
}

const nobody: readonly Holder[] = [];

/** What holds for a place and says something of rules, or of clusters: for its namespace, all of it, then its section. */
function holdersAt<Spec extends PolicySpec>(
  kind: PolicyKind<Spec>,
  stage: PolicyStage,
  place: PolicyPlace,
  facts: FactReader,
): readonly Holder[] {
  const claimed = isClaimed(kind.kind, place, facts) ? holdersOf(kind, stage, place, facts) : nobody;
  // What fails open never denies, and its rules need not look.
  if (kind.failure === "open" || !isDenied(kind.kind, place, facts)) return claimed;
  const denials = readNamespaceDenials(facts, kind.kind, place.namespace);
  const target = `all of namespace ${place.namespace}`;
  const wide = denials.map((policy) => ({ policy, place, spec: null, target }));
  return [...wide, ...claimed];
}

function holdersOf<Spec extends PolicySpec>(
  kind: PolicyKind<Spec>,
  stage: PolicyStage,
  place: PolicyPlace,
  facts: FactReader,
): Holder[] {
  const claims = readClaims(facts, kind.kind, targetKey(place.kind, place.namespace, place.name));
  if (claims.length === 0) return [];
  const sections = place.sectionName === "" ? [""] : ["", place.sectionName];
  return sections.flatMap((sectionName) => {
    const claim = holderOf(claims, sectionName);
    if (claim === undefined || !speaksOf(kind, stage, claim.spec)) return [];
    return [{ policy: claim.policy, place, spec: claim.spec, target: describe(place, sectionName) }];
  });
}

function speaksOf<Spec extends PolicySpec>(
  kind: PolicyKind<Spec>,
  stage: PolicyStage,
  spec: PolicySpec | null,
): boolean {
  if (spec === null) return true;
  return Object.entries(kind.fields).some(
    ([field, of]) => of === stage && valueAt(spec, field) !== undefined,
  );
}

/** `TrafficPolicy shop/slow` */
function policyName(policy: ResourceKey): string {
  const { kind, namespace, name } = parseKey(policy);
  return `${kind} ${namespace}/${name}`;
}

/** `trafficpolicy/shop/slow` */
function policyId(policy: ResourceKey): string {
  const { kind, namespace, name } = parseKey(policy);
  return `${kind.toLowerCase()}/${namespace}/${name}`;
}

function describe({ kind, namespace, name }: PolicyPlace, sectionName: string): string {
  const whole = kind === "GatewayClass" ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
  return sectionName === "" ? whole : `${whole} ${sectionWords[kind]} ${sectionName}`;
}
