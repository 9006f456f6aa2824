import type { ClientValidation, ServerTls } from "@heddle/engine/model";
import {
  gatewayGroup,
  keyOf,
  type Gateway,
  type LabelSelector,
  type Listener,
  type ListenerSet,
  type ResourceKey,
} from "../../resources/index.ts";
import type { AddressPlan } from "./gateway-address.ts";
import type { GatewaySettingsPlan } from "./gateway-settings.ts";
import type { ListenerAcme } from "./listener-acme.ts";
import type { OwnerName } from "../values/listener-id.ts";
import type { Finding, Warning } from "../io/status.ts";

/** Where a Gateway names its settings. */
export const parametersPath = "spec.infrastructure.parametersRef";

/** What is decided about a Gateway before its routes are looked at. The steps of `gateway.ts` fill it in. */
export interface GatewayPlan {
  readonly key: ResourceKey;
  readonly gateway: Gateway;
  readonly address: AddressPlan;
  /** Why the Gateway as a whole is not served. */
  readonly refused: readonly Finding[];
  /** Its own references that do not resolve. */
  readonly unresolved: readonly Finding[];
  /** Those of its spec. */
  readonly own: readonly ListenerPlan[];
  /** The ListenerSets whose parent it is, the oldest first. */
  readonly sets: readonly ListenerSetPlan[];
  /** All that it has: its own first, then those of its ListenerSets. */
  readonly listeners: readonly ListenerPlan[];
  readonly settings: GatewaySettingsPlan;
}

export interface ListenerSetPlan {
  readonly owner: ListenerOwner;
  readonly set: ListenerSet;
  /** Why the Gateway does not take it. */
  readonly refused: Finding | null;
  /** None where it is not taken. */
  readonly listeners: readonly ListenerPlan[];
}

/** The resource that a listener stands in: its status tells of the listener, and its references are looked up from it. */
export interface ListenerOwner extends OwnerName {
  readonly key: ResourceKey;
  readonly group: typeof gatewayGroup;
  readonly generation: number | undefined;
}

export function ownerOf(resource: Gateway | ListenerSet): ListenerOwner {
  const { namespace, name, generation } = resource.metadata;
  return { key: keyOf(resource), group: gatewayGroup, kind: resource.kind, namespace, name, generation };
}

export interface ListenerPlan {
  readonly listener: Listener;
  readonly owner: ListenerOwner;
  /** `ServerSpec.id`. */
  readonly id: string;
  /** `spec.listeners[0]` */
  readonly path: string;
  /** "" for any. */
  readonly hostname: string;
  /** Why it is not accepted. */
  refused: Finding | null;
  conflict: Finding | null;
  /** References that do not resolve: certificates, kinds of routes. */
  readonly unresolved: readonly Finding[];
  /** Options that have no effect. */
  readonly warnings: readonly Warning[];
  /** Other listeners of the port whose host names or certificates overlap with its own. */
  overlap: Finding | null;
  readonly supportedKinds: readonly { readonly group: string; readonly kind: string }[];
  readonly selector: LabelSelector | null;
  /** Null where TLS is not opened. */
  readonly tls: ServerTls | null;
  /** How its clients are asked for certificates. */
  readonly clientValidation: ClientValidation | null;
  /** `ServerSpec.stream` */
  readonly stream?: "opened" | "passthrough";
  /** The certificate that it asks an ACME server for. */
  readonly acme: ListenerAcme | null;
  /** Why that one is not ordered. */
  blocked: Finding | null;
}

/** Whether the Gateway's condition Accepted is True: something of its own spec can be served. */
export function isAccepted({ refused, own }: GatewayPlan): boolean {
  return refused.length === 0 && own.some((listener) => isDistinct(listener));
}

/** Accepted, as far as its own words go: neither refused nor in conflict. */
export const isDistinct = ({ refused, conflict }: ListenerPlan): boolean =>
  refused === null && conflict === null;

/** Whether nothing about the listener itself keeps it from being served. */
export function isSound(listener: ListenerPlan): boolean {
  return (
    isDistinct(listener) &&
    listener.supportedKinds.length > 0 &&
    // One that waits for its certificate is bound: it answers the CA's TLS-ALPN-01 challenge.
    (isWithoutTls(listener) || hasCertificate(listener) || listener.acme !== null)
  );
}

export function isServed(plan: GatewayPlan, listener: ListenerPlan): boolean {
  return isAccepted(plan) && plan.address.addresses.length > 0 && isSound(listener);
}

const isWithoutTls = ({ listener, stream }: ListenerPlan): boolean =>
  ["HTTP", "TCP", "UDP"].includes(listener.protocol) || stream === "passthrough";

/** Whether clients get a TLS connection. */
const hasCertificate = ({ tls }: ListenerPlan): boolean => (tls?.certificates.length ?? 0) > 0;

/** Served, and without a certificate to show yet. */
export const isWaiting = (plan: GatewayPlan, listener: ListenerPlan): boolean =>
  isServed(plan, listener) && listener.acme !== null && !hasCertificate(listener);
