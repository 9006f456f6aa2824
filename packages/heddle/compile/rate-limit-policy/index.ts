import {
  parseKey,
  requestPolicyTargets,
  type LimitSpec,
  type RateLimitPolicySpec,
} from "../../resources/index.ts";
import type { Effective, PolicyKind } from "../attach/index.ts";
import type { RateLimitConfig } from "../filter-specs.ts";
import type { FilterStage, PlacedFilter } from "../filter-stages.ts";
import type { RequestFilters, RequestPlace } from "../policy-filters.ts";
import { limitConfig, needsPrincipal } from "./limit-config.ts";
import { storeConfig, storeFindings } from "./store-config.ts";

export { limitStoreSource } from "./store-config.ts";

const forms = { Standard: "standard", XRateLimit: "x-ratelimit", Both: "both", None: "none" } as const;

/** Limits fail closed: one that cannot be read is no reason to let everything through. */
export const rateLimitPolicy: PolicyKind<RateLimitPolicySpec, "RateLimitPolicy"> = {
  kind: "RateLimitPolicy",
  targets: requestPolicyTargets,
  fields: { limits: "request", headers: "request", response: "request", store: "request" },
  failure: "closed",
  findings: ({ metadata, spec }, at) => storeFindings(spec.store, metadata.namespace, at.facts),
  emit: { request: emitRequest },
};

function emitRequest(policy: Effective<RateLimitPolicySpec>, at: RequestPlace): RequestFilters {
  const { limits = [], store } = policy.spec;
  const late = limits.filter(needsPrincipal);
  const early = limits.filter((limit) => !needsPrincipal(limit));
  const filters = [...filterOf("early-limits", early, policy), ...filterOf("limits", late, policy)];
  const source = policy.sources.find(({ field }) => field === "store");
  if (filters.length === 0 || source === undefined) return { filters };
  const { credentials = "" } = storeOf(policy) ?? {};
  return {
    filters,
    data: credentials === "" ? [] : [credentials],
    findings: storeFindings(store, parseKey(source.policy).namespace, at.facts),
  };
}

/**
 * The limits that are looked at together at one place of the order. What they count by is where they are attached: all
 * that the target covers has one of them.
 */
function filterOf(
  stage: FilterStage,
  limits: readonly LimitSpec[],
  effective: Effective<RateLimitPolicySpec>,
): PlacedFilter[] {
  if (limits.length === 0) return [];
  const { spec, sources } = effective;
  const { policy, target } = sources.find(({ field }) => field === "limits")!;
  const { status = 429, message = "too many requests" } = spec.response ?? {};
  const config: RateLimitConfig = {
    limits: limits.map((limit) => limitConfig(limit, `${policy} on ${target}`)),
    headers: forms[spec.headers ?? "Standard"],
    status,
    body: `${message}\n`,
    store: storeOf(effective),
  };
  return [{ stage, spec: { name: "rate-limit", config } }];
}

/** The Secret is in the namespace of the policy that names the store, which need not be the one with the limits. */
function storeOf({ spec, sources }: Pick<Effective<RateLimitPolicySpec>, "spec" | "sources">) {
  const source = sources.find(({ field }) => field === "store");
  return source === undefined ? null : storeConfig(spec.store, source.policy);
}
