import type { ClientValidation, ServerTls } from "@heddle/engine/model";
import type { Gateway, LabelSelector, Listener, ResourceKey } from "../resources/index.ts";
import type { AddressPlan } from "./gateway-address.ts";
import type { GatewaySettingsPlan } from "./gateway-settings.ts";
import type { ListenerAcme } from "./listener-acme.ts";
import type { Finding } from "./status.ts";

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
  readonly listeners: readonly ListenerPlan[];
  readonly settings: GatewaySettingsPlan;
}

export interface ListenerPlan {
  readonly listener: Listener;
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

/** What routes need to know of a Gateway: plain data, kept the same object while its content is the same. */
export interface GatewayView {
  readonly namespace: string;
  readonly name: string;
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

export function isServed(plan: GatewayPlan, listener: ListenerPlan): boolean {
  return (
    plan.refused.length === 0 &&
    plan.address.addresses.length > 0 &&
    listener.refused === null &&
    listener.conflict === null &&
    listener.supportedKinds.length > 0 &&
    // One that waits for its certificate is bound: it answers the CA's TLS-ALPN-01 challenge.
    (isWithoutTls(listener) || hasCertificate(listener) || listener.acme !== null)
  );
}

const isWithoutTls = ({ listener, stream }: ListenerPlan): boolean =>
  ["HTTP", "TCP", "UDP"].includes(listener.protocol) || stream === "passthrough";

/** Whether clients get a TLS connection. */
export const hasCertificate = ({ tls }: ListenerPlan): boolean => (tls?.certificates.length ?? 0) > 0;

/** Served, and without a certificate to show yet. */
export const isWaiting = (plan: GatewayPlan, listener: ListenerPlan): boolean =>
  isServed(plan, listener) && listener.acme !== null && !hasCertificate(listener);

export function viewOf(plan: GatewayPlan): GatewayView {
  const { namespace, name } = plan.gateway.metadata;
  const { upstreamId, listener: settings } = plan.settings;
  return {
    namespace,
    name,
    upstreamId,
    escapedSlashes: settings.escapedSlashes,
    listeners: plan.listeners.map((listener) => viewOfListener(plan, listener)),
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
