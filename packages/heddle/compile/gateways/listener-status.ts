import { certificateCondition, pendingVerdict } from "./acme-status.ts";
import { isAccepted, isServed, isWaiting, type GatewayPlan, type ListenerPlan } from "./gateway-plan.ts";
import {
  condition,
  goodUnless,
  noteOf,
  verdictOf,
  type ListenerStatus,
  type StatusCondition,
  type Verdict,
} from "../io/status.ts";

/** The statuses of the listeners of one resource; `attached` counts the accepted routes of each by its id. */
export function listenerStatuses(
  plan: GatewayPlan,
  listeners: readonly ListenerPlan[],
  attached: ReadonlyMap<string, number>,
): ListenerStatus[] {
  return listeners.map((listener) => listenerStatus(plan, listener, attached.get(listener.id) ?? 0));
}

/** The condition Accepted of a resource by its listeners: False where none is valid. */
export function acceptedByListeners(
  listeners: readonly ListenerPlan[],
  isValid: (listener: ListenerPlan) => boolean,
  generation: number | undefined,
): StatusCondition {
  const valid = listeners.filter(isValid);
  if (valid.length === listeners.length) return goodUnless("Accepted", null, "Accepted", generation);
  const invalid = listeners.filter((listener) => !isValid(listener));
  const served = valid.length === 0 ? "" : `; accepted: ${namesOf(valid)}`;
  const message = `listeners that are not valid: ${namesOf(invalid)}${served}; see status.listeners`;
  const verdict = { reason: "ListenersNotValid", message };
  return condition("Accepted", valid.length === 0 ? "False" : "True", verdict, generation);
}

/** What keeps a resource from being programmed by its listeners; null where one of them shows what it should. */
export function programmedByListeners(plan: GatewayPlan, listeners: readonly ListenerPlan[]): Verdict | null {
  const served = listeners.filter((listener) => isServed(plan, listener));
  if (served.some((listener) => !isWaiting(plan, listener))) return null;
  if (served.length > 0) {
    const message = `listeners that wait for a certificate: ${namesOf(served)}; see status.listeners`;
    return { reason: "Pending", message };
  }
  return { reason: "Invalid", message: "no listener can be served; see status.listeners" };
}

/** What a ListenerSet is told of its Gateway: they may belong to different people, so the Gateway's own status says the rest. */
export function parentVerdict({ gateway: { metadata } }: GatewayPlan, reason: string, what: string): Verdict {
  return { reason, message: `Gateway ${metadata.namespace}/${metadata.name} ${what}; see its status` };
}

const namesOf = (listeners: readonly ListenerPlan[]) =>
  listeners.map(({ listener }) => listener.name).join(", ");

function listenerStatus(plan: GatewayPlan, listener: ListenerPlan, attachedRoutes: number): ListenerStatus {
  const { generation } = listener.owner;
  const { refused, conflict, overlap, warnings } = listener;
  const conditions = [
    goodUnless("Accepted", verdictOf([refused ?? conflict]), "Accepted", generation, noteOf(warnings)),
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
  const { refused, conflict, unresolved } = listener;
  // A conflict is the reason by its own name, as it is of Accepted.
  if (refused === null && conflict !== null) return verdictOf([conflict]);
  const cause =
    gatewayCause(plan, listener) ??
    verdictOf([refused]) ??
    verdictOf(unresolved) ??
    addressCause(plan, listener);
  return { reason: "Invalid", message: cause?.message ?? "" };
}

function gatewayCause(plan: GatewayPlan, { owner }: ListenerPlan): Verdict | null {
  if (owner.kind === "Gateway") return verdictOf(plan.refused);
  return isAccepted(plan) ? null : parentVerdict(plan, "ParentNotAccepted", "is not accepted");
}

function addressCause(plan: GatewayPlan, { owner }: ListenerPlan): Verdict | null {
  if (owner.kind === "Gateway") return verdictOf(plan.address.missing);
  return parentVerdict(plan, "ParentNotProgrammed", "has no address");
}
