import type { SecretUnit } from "@heddle/engine/model";
import { gatewayGroup, keyOf, type Gateway, type Listener } from "../resources/index.ts";
import { compareAge } from "./age.ts";
import type { Collector } from "./collector.ts";
import type { CompileOptions } from "./compile-io.ts";
import type { Facts } from "./facts.ts";
import { planAddresses, requestedAddresses } from "./gateway-address.ts";
import type { GatewayPlan, ListenerPlan } from "./gateway-plan.ts";
import { selectorMistake } from "./label-selector.ts";
import { markConflicts, markOverlaps } from "./listener-conflicts.ts";
import { planTls, type TlsPlan } from "./listener-tls.ts";
import type { CompileMemo } from "./memo.ts";
import type { Finding } from "./status.ts";

export interface GatewayRun {
  readonly facts: Facts;
  readonly memo: CompileMemo;
  readonly options: CompileOptions;
  readonly collector: Collector;
}

const httpRouteKind = { group: gatewayGroup, kind: "HTTPRoute" };

/** Decides about all Gateways of our classes, from the oldest to the youngest. */
export function planGateways(gateways: readonly Gateway[], run: GatewayRun): GatewayPlan[] {
  const ordered = [...gateways].sort(compareAge);
  const taken = requestedAddresses(ordered);
  const plans = ordered.map((gateway) => planGateway(gateway, run, taken));
  markConflicts(plans);
  markOverlaps(plans);
  return plans;
}

function planGateway(gateway: Gateway, run: GatewayRun, taken: Set<string>): GatewayPlan {
  const address = planAddresses(gateway, run.options, taken);
  return {
    key: keyOf(gateway),
    gateway,
    address,
    refused: address.refused ?? parametersMistake(gateway),
    unresolved: clientCertificateMistake(gateway),
    listeners: gateway.spec.listeners.map((listener, index) =>
      planListener(gateway, listener, `spec.listeners[${index}]`, run),
    ),
  };
}

function parametersMistake({ spec }: Gateway): Finding | null {
  const ref = spec.infrastructure?.parametersRef;
  if (ref === undefined) return null;
  const message = `spec.infrastructure.parametersRef: there are no parameters of kind ${ref.kind}; remove it`;
  return { reason: "InvalidParameters", message };
}

function clientCertificateMistake({ spec }: Gateway): Finding | null {
  if (spec.tls?.backend?.clientCertificateRef === undefined) return null;
  const message =
    "spec.tls.backend.clientCertificateRef: this version presents no certificate to backends; remove it";
  return { reason: "InvalidClientCertificateRef", message };
}

function planListener(gateway: Gateway, listener: Listener, path: string, run: GatewayRun): ListenerPlan {
  const { namespace, name } = gateway.metadata;
  const isHttp = listener.protocol === "HTTP" || listener.protocol === "HTTPS";
  const tls = listener.protocol === "HTTPS" ? planTlsOf(gateway, listener, path, run) : null;
  const kinds = planKinds(listener, path, isHttp);
  return {
    listener,
    id: `${namespace}/${name}/${listener.name}`,
    hostname: listener.hostname ?? "",
    refused: protocolMistake(listener, path) ?? tls?.refused ?? selectorRefusal(listener, path),
    conflict: null,
    unresolved: [...(tls?.unresolved ?? []), ...(kinds.finding === null ? [] : [kinds.finding])],
    overlap: null,
    supportedKinds: kinds.supported,
    selector: listener.allowedRoutes.namespaces.selector ?? null,
    tls: tls?.tls ?? null,
  };
}

function planTlsOf(gateway: Gateway, listener: Listener, path: string, run: GatewayRun): TlsPlan {
  const { facts, memo, collector, options } = run;
  const plan = planTls(gateway, listener, path, { facts, memo, nowMs: options.nowMs });
  for (const secret of plan.secrets) addSecret(secret, collector, memo, facts);
  for (const message of plan.warnings) {
    collector.problem(keyOf(gateway), path, message, "warning");
  }
  const refused = plan.refused ?? clientValidationMistake(gateway, listener);
  return { ...plan, refused };
}

function addSecret(secret: SecretUnit, collector: Collector, memo: CompileMemo, facts: Facts): void {
  collector.unitOf(memo, facts, secret);
}

/** Certificates of clients are asked for, and this version cannot check them: to serve would be to let everyone in. */
function clientValidationMistake({ spec }: Gateway, { port }: Listener): Finding | null {
  const frontend = spec.tls?.frontend;
  const perPort = frontend?.perPort?.findIndex((entry) => entry.port === port) ?? -1;
  const tls = perPort === -1 ? frontend?.default : frontend?.perPort?.[perPort]?.tls;
  if (tls?.validation === undefined) return null;
  const path = perPort === -1 ? "default" : `perPort[${perPort}].tls`;
  const message = `spec.tls.frontend.${path}.validation: this version does not check certificates of clients, so the listener is not served; remove it to serve everyone`;
  return { reason: "UnsupportedValue", message };
}

function protocolMistake({ protocol }: Listener, path: string): Finding | null {
  if (protocol === "HTTP" || protocol === "HTTPS") return null;
  const isLater = ["TLS", "TCP", "UDP"].includes(protocol);
  const message = isLater
    ? `${path}.protocol: this version does not serve ${protocol} yet; use HTTP or HTTPS`
    : `${path}.protocol: unknown protocol ${protocol}; use HTTP or HTTPS`;
  return { reason: "UnsupportedProtocol", message };
}

/** A selector that cannot be read selects nothing; the listener says so instead of looking idle. */
function selectorRefusal({ allowedRoutes }: Listener, path: string): Finding | null {
  const { from, selector } = allowedRoutes.namespaces;
  if (from !== "Selector") return null;
  const field = `${path}.allowedRoutes.namespaces.selector`;
  if (selector === undefined) {
    return { reason: "UnsupportedValue", message: `${field}: must be given where from is Selector` };
  }
  const mistake = selectorMistake(selector);
  return mistake && { reason: "UnsupportedValue", message: `${field}.${mistake.path}: ${mistake.message}` };
}

function planKinds(listener: Listener, path: string, isHttp: boolean) {
  const possible = isHttp ? [httpRouteKind] : [];
  const asked = listener.allowedRoutes.kinds ?? [];
  if (asked.length === 0) return { supported: possible, finding: null };
  const supported = possible.filter((one) =>
    asked.some(({ group, kind }) => group === one.group && kind === one.kind),
  );
  const unknown = asked.flatMap(({ group, kind }, index) =>
    possible.some((one) => one.group === group && one.kind === kind)
      ? []
      : [
          `${path}.allowedRoutes.kinds[${index}]: ${kind} of group "${group}" cannot attach to ${listener.protocol}`,
        ],
  );
  const hint = isHttp ? "; use HTTPRoute" : "";
  return {
    supported,
    finding:
      unknown.length === 0 ? null : { reason: "InvalidRouteKinds", message: unknown.join("; ") + hint },
  };
}

/** What is wrong with a Gateway, for `heddle check`. */
export function reportGateway(plan: GatewayPlan, collector: Collector): void {
  const { refused, unresolved, address } = plan;
  for (const finding of [refused, unresolved, address.missing]) {
    if (finding !== null) collector.finding(plan.key, finding);
  }
  for (const [index, listener] of plan.listeners.entries()) {
    const { conflict } = listener;
    for (const finding of [listener.refused, ...listener.unresolved]) {
      if (finding !== null) collector.finding(plan.key, finding);
    }
    if (conflict !== null) collector.problem(plan.key, `spec.listeners[${index}]`, conflict.message, "error");
  }
}
