import type { Facts } from "../pass/facts.ts";
import type { GatewayPlan } from "./gateway-plan.ts";
import { upstreamFact } from "./gateway-settings.ts";
import type { CompileMemo } from "../pass/memo.ts";
import { parentFact, viewOfGateway, viewOfSet } from "../routes/parent-view.ts";
import { defaultGatewaysFact } from "../routes/route-parents.ts";

/** ListenerSets between two yields. */
const sliceLength = 32;

/** Makes the Gateways and their ListenerSets facts that routes read, in steps. */
export function* publishGateways(
  plans: readonly GatewayPlan[],
  facts: Facts,
  memo: CompileMemo,
): Generator<void> {
  const defaults: { namespace: string; name: string }[] = [];
  let done = 0;
  for (const plan of plans) {
    const { namespace, name } = plan.gateway.metadata;
    const own = parentFact("Gateway", namespace, name);
    facts.set(own, memo.keepValue(own, viewOfGateway(plan)));
    for (const set of plan.sets) {
      const fact = parentFact("ListenerSet", set.owner.namespace, set.owner.name);
      facts.set(fact, memo.keepValue(fact, viewOfSet(plan, set)));
      if (++done % sliceLength === 0) yield;
    }
    const { upstreamId, upstream } = plan.settings;
    const ofUpstream = upstreamFact(upstreamId);
    if (upstreamId !== "") facts.set(ofUpstream, memo.keepValue(ofUpstream, upstream));
    if (plan.gateway.spec.defaultScope === "All") defaults.push({ namespace, name });
  }
  facts.set(defaultGatewaysFact, memo.keepValue(defaultGatewaysFact, defaults));
}
