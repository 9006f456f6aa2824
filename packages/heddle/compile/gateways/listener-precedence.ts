import { compareAge, createdMs } from "../values/age.ts";
import type { GatewayPlan, ListenerPlan } from "./gateway-plan.ts";

/** The listeners of a Gateway's own spec, or of one of its ListenerSets. */
export interface ListenerGroup {
  readonly plan: GatewayPlan;
  readonly listeners: readonly ListenerPlan[];
}

/**
 * Who comes first where listeners claim the same. Within a Gateway: its own, then its ListenerSets by creation time,
 * then by "namespace/name" (ListenerSet, `spec.listeners`). Among Gateways: who is there longer, and a ListenerSet is
 * there since both it and its Gateway are, so that none takes from a Gateway what was that one's before.
 *
 * `plans` from the oldest to the youngest.
 */
export function inPrecedence(plans: readonly GatewayPlan[]): ListenerGroup[] {
  const groups = plans.flatMap((plan) => {
    const sinceMs = createdMs(plan.gateway);
    return [
      { plan, listeners: plan.own, sinceMs, set: null },
      ...plan.sets.map(({ set, listeners }) => ({
        plan,
        listeners,
        sinceMs: Math.max(sinceMs, createdMs(set)),
        set,
      })),
    ];
  });
  return groups.sort((a, b) => {
    if (a.sinceMs !== b.sinceMs) return a.sinceMs - b.sinceMs;
    if (a.set === null || b.set === null) return Number(a.set !== null) - Number(b.set !== null);
    return compareAge(a.set, b.set);
  });
}
