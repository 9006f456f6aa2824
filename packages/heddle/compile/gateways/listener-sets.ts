import { gatewayGroup, keyOf, type Gateway, type ListenerSet } from "../../resources/index.ts";
import { compareAge } from "../values/age.ts";
import type { Facts } from "../pass/facts.ts";
import { ownerOf, type ListenerPlan, type ListenerSetPlan } from "./gateway-plan.ts";
import { orphanStatus } from "./listener-set-status.ts";
import { planListener, type GatewayRun } from "./listener-plan.ts";
import { takesNamespace } from "../references/namespaces-from.ts";
import { parentMissing } from "../references/parent-missing.ts";
import { makeFinding, type Finding } from "../io/status.ts";

/** Listeners of one Gateway, those of its ListenerSets included; what comes after them is not accepted. */
export const maxListeners = 4_096;

const parentPath = "spec.parentRef";

const nameOf = ({ namespace, name }: { namespace: string; name: string }) => `${namespace}/${name}`;

/**
 * The ListenerSets of Gateways by their "namespace/name", the oldest first. Those whose Gateway is not there are told
 * so; those whose parent is no Gateway, or another controller's, are nothing that we speak for.
 */
export function setsByGateway(
  gateways: readonly Gateway[],
  { facts, memo, collector }: GatewayRun,
): ReadonlyMap<string, readonly ListenerSet[]> {
  const found = new Map<string, ListenerSet[]>(gateways.map(({ metadata }) => [nameOf(metadata), []]));
  for (const set of [...facts.ofKind("ListenerSet")].sort(compareAge)) {
    const { group, kind, name, namespace = set.metadata.namespace } = set.spec.parentRef;
    const key = keyOf(set);
    if (group !== gatewayGroup || kind !== "Gateway") {
      const message = `cannot be ${kind} of group "${group}"; use a Gateway`;
      collector.problem(key, parentPath, message, "error");
      continue;
    }
    const ofGateway = found.get(nameOf({ namespace, name }));
    ofGateway?.push(set);
    const missing = ofGateway === undefined ? parentMissing("Gateway", namespace, name, facts) : null;
    if (missing === null) continue;
    const finding = makeFinding("ParentNotAccepted", parentPath, missing);
    collector.findings(key, [finding]);
    collector.status(key, memo.keepValue(`status/${key}`, orphanStatus(set, finding)));
  }
  return found;
}

/** Decides about a ListenerSet of a Gateway that has `taken` listeners before it. */
export function planSet(gateway: Gateway, set: ListenerSet, taken: number, run: GatewayRun): ListenerSetPlan {
  const owner = ownerOf(set);
  const refused = admission(gateway, set, run.facts);
  if (refused !== null) return { owner, set, refused, listeners: [] };
  const listeners = set.spec.listeners.map((listener, index): ListenerPlan => {
    const plan = planListener(gateway, owner, index, listener, run);
    if (taken + index >= maxListeners) plan.refused = tooMany(gateway, plan.path);
    return plan;
  });
  return { owner, set, refused, listeners };
}

/** A Gateway takes ListenerSets of no namespace unless it says so. */
function admission({ metadata, spec }: Gateway, set: ListenerSet, facts: Facts): Finding | null {
  const { namespace } = set.metadata;
  const from = spec.allowedListeners?.namespaces ?? { from: "None" as const };
  if (takesNamespace(from, metadata.namespace, namespace, facts)) return null;
  const message = `Gateway ${nameOf(metadata)} takes no ListenerSets of namespace ${namespace}; see its spec.allowedListeners`;
  return makeFinding("NotAllowed", parentPath, message);
}

function tooMany({ metadata }: Gateway, path: string): Finding {
  const message = `Gateway ${nameOf(metadata)} has ${maxListeners} listeners already, which is the limit; use another Gateway`;
  return makeFinding("TooManyListeners", path, message);
}
