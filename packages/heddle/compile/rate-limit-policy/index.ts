import { rateLimitTargets, type LimitSpec, type RateLimitPolicySpec } from "../../resources/index.ts";
import type { Effective, PolicyKind } from "../attach/index.ts";
import type { RateLimitConfig } from "../filter-specs.ts";
import type { FilterStage, PlacedFilter } from "../filter-stages.ts";
import type { RequestFilters } from "../policy-filters.ts";
import { limitConfig, needsPrincipal } from "./limit-config.ts";

const forms = { Standard: "standard", XRateLimit: "x-ratelimit", Both: "both", None: "none" } as const;

/** Limits fail closed: one that cannot be read is no reason to let everything through. */
export const rateLimitPolicy: PolicyKind<RateLimitPolicySpec, "RateLimitPolicy"> = {
  kind: "RateLimitPolicy",
  targets: rateLimitTargets,
  fields: { limits: "request", headers: "request", response: "request" },
  failure: "closed",
  emit: { request: emitRequest },
};

function emitRequest(policy: Effective<RateLimitPolicySpec>): RequestFilters {
  const { limits = [] } = policy.spec;
  const late = limits.filter(needsPrincipal);
  const early = limits.filter((limit) => !needsPrincipal(limit));
  return { filters: [...filterOf("early-limits", early, policy), ...filterOf("limits", late, policy)] };
}

/**
 * The limits that are looked at together at one place of the order. What they count by is where they are attached: all
 * that the target covers has one of them.
 */
function filterOf(
  stage: FilterStage,
  limits: readonly LimitSpec[],
  { spec, sources }: Effective<RateLimitPolicySpec>,
): PlacedFilter[] {
  if (limits.length === 0) return [];
  const { policy, target } = sources.find(({ field }) => field === "limits")!;
  const { status = 429, message = "too many requests" } = spec.response ?? {};
  const config: RateLimitConfig = {
    limits: limits.map((limit) => limitConfig(limit, `${policy} on ${target}`)),
    headers: forms[spec.headers ?? "Standard"],
    status,
    body: `${message}\n`,
    store: null,
  };
  return [{ stage, spec: { name: "rate-limit", config } }];
}
