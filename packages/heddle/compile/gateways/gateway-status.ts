import { hasInsecureFallback } from "./client-validation.ts";
import { isDistinct, type GatewayPlan } from "./gateway-plan.ts";
import { isAttached } from "./listener-set-status.ts";
import { acceptedByListeners, listenerStatuses, programmedByListeners } from "./listener-status.ts";
import {
  condition,
  goodUnless,
  verdictOf,
  type Finding,
  type Verdict,
  type GatewayStatus,
  type StatusCondition,
} from "../io/status.ts";

/**
 * The status of a Gateway; `attached` counts the accepted routes of each listener, by its id, and `taken` tells why no
 * Service is generated for it.
 */
export function gatewayStatus(
  plan: GatewayPlan,
  attached: ReadonlyMap<string, number>,
  taken: Finding | null,
): GatewayStatus {
  const addresses = plan.refused.length > 0 ? [] : plan.address.addresses;
  return {
    addresses: addresses.map((value) => ({ type: "IPAddress", value })),
    conditions: gatewayConditions(plan, taken),
    listeners: listenerStatuses(plan, plan.own, attached),
    ...(plan.gateway.spec.allowedListeners !== undefined && {
      attachedListenerSets: plan.sets.filter((set) => isAttached(plan, set)).length,
    }),
  };
}

function gatewayConditions(plan: GatewayPlan, taken: Finding | null): StatusCondition[] {
  const { generation } = plan.gateway.metadata;
  const accepted = acceptedCondition(plan, generation);
  const programmed = goodUnless("Programmed", programmedFinding(plan, accepted), "Programmed", generation);
  const conditions = [accepted, programmed];
  // Of one without references there is nothing to say.
  if (plan.unresolved.length > 0 || plan.gateway.spec.tls !== undefined) {
    conditions.push(goodUnless("ResolvedRefs", verdictOf(plan.unresolved), "ResolvedRefs", generation));
  }
  if (hasInsecureFallback(plan.gateway)) {
    const message =
      "clients without a good certificate are let in: spec.tls.frontend has AllowInsecureFallback";
    const verdict = { reason: "ConfigurationChanged", message };
    conditions.push(condition("InsecureFrontendValidationMode", "True", verdict, generation));
  }
  if (taken !== null) {
    conditions.push(condition("heddle.dev/ServiceGenerated", "False", verdictOf([taken])!, generation));
  }
  return conditions;
}

function acceptedCondition(plan: GatewayPlan, generation: number | undefined): StatusCondition {
  const refused = verdictOf(plan.refused);
  if (refused !== null) return condition("Accepted", "False", refused, generation);
  return acceptedByListeners(plan.own, isDistinct, generation);
}

function programmedFinding(plan: GatewayPlan, accepted: StatusCondition): Verdict | null {
  if (accepted.status === "False") return { reason: "Invalid", message: accepted.message };
  return verdictOf(plan.address.missing) ?? programmedByListeners(plan, plan.own);
}
