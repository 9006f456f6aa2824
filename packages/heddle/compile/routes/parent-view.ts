import type { LabelSelector } from "../../resources/index.ts";
import type { FactName } from "../pass/facts.ts";
import {
  isServed,
  type GatewayPlan,
  type ListenerPlan,
  type ListenerSetPlan,
} from "../gateways/gateway-plan.ts";
import type { OwnerName } from "../values/listener-id.ts";

/**
 * What routes need to know of a Gateway, or of a ListenerSet of one: plain data, kept the same object while its
 * content is the same.
 */
export interface ParentView extends OwnerName {
  /** Itself, or the one that the ListenerSet belongs to. */
  readonly gateway: { readonly namespace: string; readonly name: string };
  readonly className: string;
  /** Why a ListenerSet belongs to no Gateway; null where it does. */
  readonly refused: string | null;
  /** `GatewaySettingsPlan.upstreamId`. */
  readonly upstreamId: string;
  readonly escapedSlashes: "refuse" | "keep";
  readonly listeners: readonly ListenerView[];
}

export interface ListenerView {
  readonly id: string;
  readonly name: string;
  readonly port: number;
  readonly hostname: string;
  readonly from: "All" | "Same" | "Selector";
  readonly selector: LabelSelector | null;
  /** Kinds of routes that it takes. */
  readonly kinds: readonly string[];
  /** A server of the Snapshot: routes reach it. */
  readonly isServed: boolean;
  /** TLS that it passes on unopened. */
  readonly isPassthrough: boolean;
}

/** The fact under which routes find a Gateway of ours, or a ListenerSet of one. */
export const parentFact = (kind: OwnerName["kind"], namespace: string, name: string): FactName =>
  `~parent/${kind}/${namespace}/${name}`;

/** The Gateway with the listeners of its own spec: its ListenerSets are parents by themselves. */
export function viewOfGateway(plan: GatewayPlan): ParentView {
  const { namespace, name } = plan.gateway.metadata;
  return makeView(plan, { kind: "Gateway", namespace, name }, null, plan.own);
}

export function viewOfSet(plan: GatewayPlan, { owner, refused, listeners }: ListenerSetPlan): ParentView {
  const { kind, namespace, name } = owner;
  return makeView(plan, { kind, namespace, name }, refused && refused.message, listeners);
}

function makeView(
  plan: GatewayPlan,
  owner: OwnerName,
  refused: string | null,
  listeners: readonly ListenerPlan[],
): ParentView {
  const { upstreamId, listener: settings } = plan.settings;
  const { namespace, name } = plan.gateway.metadata;
  return {
    ...owner,
    gateway: { namespace, name },
    className: plan.gateway.spec.gatewayClassName,
    refused,
    upstreamId,
    escapedSlashes: settings.escapedSlashes,
    listeners: listeners.map((listener) => viewOfListener(plan, listener)),
  };
}

function viewOfListener(plan: GatewayPlan, listener: ListenerPlan): ListenerView {
  const { name, port, allowedRoutes } = listener.listener;
  return {
    id: listener.id,
    name,
    port,
    hostname: listener.hostname,
    from: allowedRoutes.namespaces.from,
    selector: listener.selector,
    kinds: listener.supportedKinds.map(({ kind }) => kind),
    isServed: isServed(plan, listener),
    isPassthrough: listener.stream === "passthrough",
  };
}
