import { parseKey, type ResourceKey } from "../../resources/index.ts";
import type { FactReader } from "../facts.ts";
import { sectionWords } from "./sections.ts";
import { holderOf, readClaims, targetKey, type Claim } from "./claim.ts";
import type { PolicyKind } from "./policy-kind.ts";
import type { Effective, PolicyPlace, PolicySpec } from "./policy.ts";
import type { PolicySource } from "../policy-source.ts";

/**
 * What policies of a kind say along a chain of places, the least specific first: the most specific one that has a
 * field gives it. Null where there is none.
 */
export function effectiveOf<Spec extends PolicySpec>(
  kind: PolicyKind<Spec>,
  chain: readonly PolicyPlace[],
  facts: FactReader,
): Effective<Spec> | null {
  const found: { claim: Claim; target: string }[] = [];
  for (const place of chain) {
    const claims = readClaims(facts, kind.kind, targetKey(place.kind, place.namespace, place.name));
    if (claims.length === 0) continue;
    for (const sectionName of place.sectionName === "" ? [""] : ["", place.sectionName]) {
      const claim = holderOf(claims, sectionName);
      if (claim !== undefined) found.push({ claim, target: describe(place, sectionName) });
    }
  }
  if (found.length === 0) return null;
  const spec: Fields = {};
  const sources: PolicySource[] = [];
  let denial = "";
  for (const { claim, target } of found.reverse()) {
    if (claim.spec === null) denial ||= `${policyName(claim.policy)} on ${target} has errors`;
    for (const [field, value] of Object.entries(claim.spec ?? {})) {
      const merge = kind.merge[field];
      if (merge === undefined || value === undefined) continue;
      const source = { policy: claim.policy, target };
      put(spec, field, value, field, merge === "deep", source, sources);
    }
  }
  return { spec: spec as Partial<Spec>, sources, denial };
}

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Gives `into` the value where it has none yet, and notes whence it came. */
function put(
  into: Fields,
  name: string,
  value: unknown,
  path: string,
  isDeep: boolean,
  source: Pick<PolicySource, "policy" | "target">,
  sources: PolicySource[],
): void {
  if (isDeep && isFields(value)) {
    const own = (into[name] ??= {});
    if (!isFields(own)) return;
    for (const [field, inner] of Object.entries(value)) {
      if (inner !== undefined) put(own, field, inner, `${path}.${field}`, true, source, sources);
    }
    return;
  }
  if (name in into) return;
  into[name] = value;
  sources.push({ field: path, value, ...source });
}

/** `TrafficPolicy shop/slow` */
export function policyName(policy: ResourceKey): string {
  const { kind, namespace, name } = parseKey(policy);
  return `${kind} ${namespace}/${name}`;
}

function describe({ kind, namespace, name }: PolicyPlace, sectionName: string): string {
  const whole = `${kind} ${namespace}/${name}`;
  return sectionName === "" ? whole : `${whole} ${sectionWords[kind]} ${sectionName}`;
}
