import { certificateCondition, pendingVerdict } from "./acme-status.ts";
import { hasInsecureFallback } from "./client-validation.ts";
import { isServed, isWaiting, type GatewayPlan, type ListenerPlan } from "./gateway-plan.ts";
import {
  condition,
  goodUnless,
  verdictOf,
  type Finding,
  type Verdict,
  type GatewayStatus,
  type ListenerStatus,
  type StatusCondition,
} from "./status.ts";

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
    listeners: plan.listeners.map((listener) =>
      listenerStatus(plan, listener, attached.get(listener.id) ?? 0),
    ),
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
  const invalid = plan.listeners.filter(isInvalid);
  if (invalid.length === 0) return goodUnless("Accepted", null, "Accepted", generation);
  const isAll = invalid.length === plan.listeners.length;
  const valid = plan.listeners.filter((listener) => !isInvalid(listener));
  const served = isAll ? "" : `; accepted: ${listenerNames(valid)}`;
  const message = `listeners that are not valid: ${listenerNames(invalid)}${served}; see status.listeners`;
  return condition(
    "Accepted",
    isAll ? "False" : "True",
    { reason: "ListenersNotValid", message },
    generation,
  );
}

const isInvalid = ({ refused, conflict }: ListenerPlan) => refused !== null || conflict !== null;

const listenerNames = (listeners: readonly ListenerPlan[]) =>
  listeners.map(({ listener }) => listener.name).join(", ");

function programmedFinding(plan: GatewayPlan, accepted: StatusCondition): Verdict | null {
  if (accepted.status === "False") return { reason: "Invalid", message: accepted.message };
  const missing = verdictOf(plan.address.missing);
  if (missing !== null) return missing;
  const served = plan.listeners.filter((listener) => isServed(plan, listener));
  if (served.some((listener) => !isWaiting(plan, listener))) return null;
  if (served.length > 0) {
    const message = `listeners that wait for a certificate: ${listenerNames(served)}; see status.listeners`;
    return { reason: "Pending", message };
  }
  return { reason: "Invalid", message: "no listener can be served; see status.listeners" };
}

function listenerStatus(plan: GatewayPlan, listener: ListenerPlan, attachedRoutes: number): ListenerStatus {
  const { generation } = plan.gateway.metadata;
  const { refused, conflict, overlap } = listener;
  const conditions = [
    goodUnless("Accepted", verdictOf([refused ?? conflict]), "Accepted", generation),
    goodUnless("Programmed", listenerProgrammed(plan, listener), "Programmed", generation),
    goodUnless("ResolvedRefs", verdictOf(listener.unresolved), "ResolvedRefs", generation),
    conflict === null
      ? condition("Conflicted", "False", { reason: "NoConflicts", message: "" }, generation)
      : condition("Conflicted", "True", verdictOf([conflict])!, generation),
  ];
  if (overlap !== null)
    conditions.push(condition("OverlappingTLSConfig", "True", verdictOf([overlap])!, generation));
  if (listener.acme !== null)
    conditions.push(certificateCondition(listener.acme, listener.blocked, generation));
  const { name } = listener.listener;
  return { name, attachedRoutes, supportedKinds: listener.supportedKinds, conditions };
}

function listenerProgrammed(plan: GatewayPlan, listener: ListenerPlan): Verdict | null {
  if (isWaiting(plan, listener)) return pendingVerdict(listener.acme!, listener.blocked);
  if (isServed(plan, listener)) return null;
  const cause =
    verdictOf(plan.refused) ??
    verdictOf([listener.refused ?? listener.conflict]) ??
    verdictOf(listener.unresolved) ??
    verdictOf(plan.address.missing);
  return { reason: "Invalid", message: cause?.message ?? "" };
}
