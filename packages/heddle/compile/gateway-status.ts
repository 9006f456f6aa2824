import { isServed, type GatewayPlan, type ListenerPlan } from "./gateway-plan.ts";
import {
  condition,
  goodUnless,
  joinFindings,
  type Finding,
  type GatewayStatus,
  type ListenerStatus,
  type StatusCondition,
} from "./status.ts";

/** The status of a Gateway; `attached` counts the accepted routes of each listener, by its id. */
export function gatewayStatus(plan: GatewayPlan, attached: ReadonlyMap<string, number>): GatewayStatus {
  const { addresses } = plan.address;
  return {
    addresses: addresses.map((value) => ({ type: "IPAddress", value })),
    conditions: gatewayConditions(plan),
    listeners: plan.listeners.map((listener) =>
      listenerStatus(plan, listener, attached.get(listener.id) ?? 0),
    ),
  };
}

function gatewayConditions(plan: GatewayPlan): StatusCondition[] {
  const { generation } = plan.gateway.metadata;
  const accepted = acceptedCondition(plan, generation);
  const programmed = goodUnless("Programmed", programmedFinding(plan, accepted), "Programmed", generation);
  if (plan.unresolved === null) return [accepted, programmed];
  return [accepted, programmed, goodUnless("ResolvedRefs", plan.unresolved, "ResolvedRefs", generation)];
}

function acceptedCondition(plan: GatewayPlan, generation: number | undefined): StatusCondition {
  if (plan.refused !== null) return condition("Accepted", "False", plan.refused, generation);
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

function programmedFinding(plan: GatewayPlan, accepted: StatusCondition): Finding | null {
  if (accepted.status === "False") return { reason: "Invalid", message: accepted.message };
  if (plan.address.missing !== null) return plan.address.missing;
  if (plan.listeners.some((listener) => isServed(plan, listener))) return null;
  return { reason: "Invalid", message: "no listener can be served; see status.listeners" };
}

function listenerStatus(plan: GatewayPlan, listener: ListenerPlan, attachedRoutes: number): ListenerStatus {
  const { generation } = plan.gateway.metadata;
  const { refused, conflict, overlap } = listener;
  const conditions = [
    goodUnless("Accepted", refused ?? conflict, "Accepted", generation),
    goodUnless("Programmed", listenerProgrammed(plan, listener), "Programmed", generation),
    goodUnless("ResolvedRefs", joinFindings(listener.unresolved), "ResolvedRefs", generation),
    conflict === null
      ? condition("Conflicted", "False", { reason: "NoConflicts", message: "" }, generation)
      : condition("Conflicted", "True", conflict, generation),
  ];
  if (overlap !== null) conditions.push(condition("OverlappingTLSConfig", "True", overlap, generation));
  const { name } = listener.listener;
  return { name, attachedRoutes, supportedKinds: listener.supportedKinds, conditions };
}

function listenerProgrammed(plan: GatewayPlan, listener: ListenerPlan): Finding | null {
  if (isServed(plan, listener)) return null;
  const cause =
    plan.refused ??
    listener.refused ??
    listener.conflict ??
    joinFindings(listener.unresolved) ??
    plan.address.missing;
  return { reason: "Invalid", message: cause?.message ?? "" };
}
