import type { ListenerSet } from "../../resources/index.ts";
import { isAccepted, isSound, type GatewayPlan, type ListenerSetPlan } from "./gateway-plan.ts";
import {
  acceptedByListeners,
  listenerStatuses,
  parentVerdict,
  programmedByListeners,
} from "./listener-status.ts";
import {
  condition,
  goodUnless,
  verdictOf,
  type Finding,
  type ListenerSetStatus,
  type StatusCondition,
  type Verdict,
} from "../io/status.ts";

/** The status of a ListenerSet; `attached` counts the accepted routes of each listener, by its id. */
export function listenerSetStatus(
  plan: GatewayPlan,
  set: ListenerSetPlan,
  attached: ReadonlyMap<string, number>,
): ListenerSetStatus {
  const { generation } = set.owner;
  const accepted = acceptedCondition(plan, set);
  const programmed = goodUnless(
    "Programmed",
    programmedVerdict(plan, set, accepted),
    "Programmed",
    generation,
  );
  return { conditions: [accepted, programmed], listeners: listenerStatuses(plan, set.listeners, attached) };
}

/** That of one whose Gateway is not there. */
export function orphanStatus({ metadata: { generation } }: ListenerSet, missing: Finding): ListenerSetStatus {
  const { reason, message } = verdictOf([missing])!;
  return {
    conditions: [
      condition("Accepted", "False", { reason, message }, generation),
      condition("Programmed", "False", { reason: "ParentNotProgrammed", message }, generation),
    ],
    listeners: [],
  };
}

/** Whether the Gateway counts it in `attachedListenerSets`. */
export function isAttached(plan: GatewayPlan, set: ListenerSetPlan): boolean {
  return acceptedCondition(plan, set).status === "True";
}

function acceptedCondition(
  plan: GatewayPlan,
  { owner, refused, listeners }: ListenerSetPlan,
): StatusCondition {
  const verdict =
    verdictOf([refused]) ??
    (isAccepted(plan) ? null : parentVerdict(plan, "ParentNotAccepted", "is not accepted"));
  if (verdict !== null) return condition("Accepted", "False", verdict, owner.generation);
  // A listener whose references lead nowhere is not valid here, unlike in a Gateway: nothing of the set would be served.
  return acceptedByListeners(listeners, isSound, owner.generation);
}

function programmedVerdict(
  plan: GatewayPlan,
  { listeners }: ListenerSetPlan,
  { status, reason, message }: StatusCondition,
): Verdict | null {
  if (status === "False") {
    return { reason: reason === "ParentNotAccepted" ? "ParentNotProgrammed" : reason, message };
  }
  if (plan.address.addresses.length === 0)
    return parentVerdict(plan, "ParentNotProgrammed", "has no address");
  return programmedByListeners(plan, listeners);
}
