import {
  parseKey,
  requestPolicyTargets,
  type LimitSpec,
  type RateLimitPolicySpec,
} from "../../resources/index.ts";
import type { LimitConfig, StoreConfig } from "@heddle/filters";
import type { Effective, PolicyKind, PolicyLevel } from "../attach/index.ts";
import type { RateLimitConfig } from "../filters/filter-specs.ts";
import type { FilterStage, PlacedFilter } from "../filters/filter-stages.ts";
import type { RequestFilters, RequestPlace } from "../filters/policy-filters.ts";
import type { Finding } from "../io/status.ts";
import { limitConfig, needsPrincipal } from "./limit-config.ts";
import { storeConfig, storeFindings } from "./store-config.ts";

export { limitStoreSource } from "./store-config.ts";

const forms = { Standard: "standard", XRateLimit: "x-ratelimit", Both: "both", None: "none" } as const;

/**
 * Limits fail closed: one that cannot be read is no reason to let everything through. Those of every place hold, each a
 * limit of its own: a route adds to its Gateway's, and lifts none.
 */
export const rateLimitPolicy: PolicyKind<RateLimitPolicySpec, "RateLimitPolicy"> = {
  kind: "RateLimitPolicy",
  targets: requestPolicyTargets,
  fields: { limits: "request", headers: "request", response: "request", store: "request" },
  gathered: ["limits", "store"],
  failure: "closed",
  findings: ({ metadata, spec }, at) => storeFindings(spec.store, metadata.namespace, at.facts),
  emit: { request: emitRequest },
};

type Level = PolicyLevel<RateLimitPolicySpec>;

/** The limits that are counted in one place, and looked at together. */
interface Batch {
  readonly store: StoreConfig | null;
  readonly early: LimitConfig[];
  readonly late: LimitConfig[];
}

function emitRequest(policy: Effective<RateLimitPolicySpec>, at: RequestPlace): RequestFilters {
  const { levels } = policy;
  const batches = new Map<string, Batch>();
  const findings: Finding[] = [];
  for (const [index, level] of levels.entries()) {
    const limits = limitsInForce(level, levels.slice(index + 1));
    if (limits.length === 0) continue;
    // From here up, never from below: a limit is counted in one place, whatever the routes say that it covers.
    const storing = levels.slice(0, index + 1).findLast((above) => givesStore(above, level));
    const store = storing === undefined ? null : storeConfig(storing.spec.store, storing.policy);
    if (storing !== undefined)
      findings.push(...storeFindings(storing.spec.store, parseKey(storing.policy).namespace, at.facts));
    const batch = batchOf(batches, store);
    for (const limit of limits) {
      const config = limitConfig(limit, `${level.policy} on ${level.target}`);
      (needsPrincipal(limit) ? batch.late : batch.early).push(config);
    }
  }
  const all = [...batches.values()];
  return {
    filters: [
      ...all.flatMap(({ early, store }) => filterOf("early-limits", early, store, policy)),
      ...all.flatMap(({ late, store }) => filterOf("limits", late, store, policy)),
    ],
    data: [...new Set(all.flatMap(({ store }) => store?.credentials || []))],
    findings,
  };
}

/** A Service's namespace is in its chain for routes of other namespaces alone, and may not say where its limits count. */
function givesStore({ spec, place }: Level, level: Level): boolean {
  const isBackend = level.place?.kind === "Service" || level.place?.kind === "Backend";
  return spec.store !== undefined && !(isBackend && place?.kind === "Namespace");
}

/** Those of a place but for the ones that may be replaced, and are by one of their name at a more specific place. */
function limitsInForce({ spec: { limits = [] } }: Level, below: readonly Level[]): readonly LimitSpec[] {
  const named = (name: string): boolean =>
    below.some(({ spec }) => spec.limits?.some((limit) => limit.name === name) === true);
  return limits.filter(({ name, overridable }) => !overridable || !named(name));
}

function batchOf(batches: Map<string, Batch>, store: StoreConfig | null): Batch {
  const key = JSON.stringify(store);
  const found = batches.get(key) ?? { store, early: [], late: [] };
  batches.set(key, found);
  return found;
}

/** How clients are told is of the most specific policy that says so, whatever limit it is about. */
function filterOf(
  stage: FilterStage,
  limits: readonly LimitConfig[],
  store: StoreConfig | null,
  { spec }: Effective<RateLimitPolicySpec>,
): PlacedFilter[] {
  if (limits.length === 0) return [];
  const { status = 429, message = "too many requests" } = spec.response ?? {};
  const headers = forms[spec.headers ?? "Standard"];
  const config: RateLimitConfig = { limits, headers, status, body: `${message}\n`, store };
  return [{ stage, spec: { name: "rate-limit", config } }];
}
