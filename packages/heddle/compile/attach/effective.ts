import { parseKey, type ResourceKey } from "../../resources/index.ts";
import type { FactReader } from "../facts.ts";
import type { PolicyPlace, PolicySource } from "../policy-source.ts";
import { holderOf, readClaims, targetKey, type Claim } from "./claim.ts";
import { setAt, valueAt } from "./field-path.ts";
import type { PolicyKind, PolicyStage } from "./policy-kind.ts";
import type { Effective, PolicySpec } from "./policy.ts";
import { sectionWords } from "./sections.ts";

/**
 * What policies of a kind say of a rule or a cluster along a chain of places, the least specific first: the most
 * specific one that has a field gives it. Null where there is none.
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
  const broken = found.find(({ claim }) => claim.spec === null);
  for (const [field, of] of Object.entries(kind.fields)) {
    if (of !== stage) continue;
    const first = found.find(({ claim }) => claim.spec !== null && valueAt(claim.spec, field) !== undefined);
    if (first === undefined) continue;
    const value = valueAt(first.claim.spec!, field);
    setAt(spec, field, value);
    sources.push({ field, value, policy: first.claim.policy, target: first.target });
  }
  const denial =
    broken === undefined ? "" : `${policyName(broken.claim.policy)} on ${broken.target} has errors`;
  return { spec, sources, denial };
}

/** The policies that rules or clusters follow at a place, by name: where these are equal, what they say is. */
export function policiesOn(
  kinds: readonly PolicyKind[],
  stage: PolicyStage,
  place: PolicyPlace,
  facts: FactReader,
): readonly string[] {
  return kinds.flatMap((kind) =>
    holdersAt(kind, stage, place, facts).map(({ claim }) => policyId(claim.policy)),
  );
}

interface Holder {
  readonly claim: Claim;
  /** `HTTPRoute shop/orders rule pay` */
  readonly target: string;
}

/** What holds for a place and says something of rules, or of clusters: for all of it, then for its section. */
function holdersAt<Spec extends PolicySpec>(
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
    if (claim === undefined || !speaksOf(kind, stage, claim)) return [];
    return [{ claim, target: describe(place, sectionName) }];
  });
}

function speaksOf<Spec extends PolicySpec>(
  kind: PolicyKind<Spec>,
  stage: PolicyStage,
  { spec }: Claim,
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
  const whole = `${kind} ${namespace}/${name}`;
  return sectionName === "" ? whole : `${whole} ${sectionWords[kind]} ${sectionName}`;
}
