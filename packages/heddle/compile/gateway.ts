import type { ClientValidation } from "@heddle/engine/model";
import { gatewayGroup, keyOf, type Gateway, type Listener } from "../resources/index.ts";
import type { AcmeStates } from "./acme-io.ts";
import { compareAge } from "./age.ts";
import { policiesOn } from "./attach/index.ts";
import type { Collector } from "./collector.ts";
import { planClientValidation } from "./client-validation.ts";
import type { CompileOptions } from "./compile-io.ts";
import type { Facts } from "./facts.ts";
import { planAddresses, requestedAddresses } from "./gateway-address.ts";
import type { ClassPlan } from "./gateway-class.ts";
import { parametersPath, type GatewayPlan, type ListenerPlan } from "./gateway-plan.ts";
import { planSettings, type SettingsSource } from "./gateway-settings.ts";
import { selectorMistake } from "./label-selector.ts";
import { markConflicts, markOverlaps } from "./listener-conflicts.ts";
import { planTls, resolveCertificate, type TlsPlan } from "./listener-tls.ts";
import type { CompileMemo } from "./memo.ts";
import { policyKinds } from "./policy-kinds.ts";
import { resolveParameters } from "./parameters-ref.ts";
import { isFinding, makeFinding, type Finding } from "./status.ts";

export interface GatewayRun {
  readonly facts: Facts;
  readonly memo: CompileMemo;
  readonly options: CompileOptions;
  readonly collector: Collector;
  readonly states: AcmeStates;
}

/** Kinds of routes by protocol, in the order in which they are named. TCPRoutes take what TLS carried. */
function possibleKinds({ protocol, tls }: Listener): { group: string; kind: string }[] {
  const kinds: Readonly<Record<string, readonly string[]>> = {
    HTTP: ["HTTPRoute", "GRPCRoute"],
    HTTPS: ["HTTPRoute", "GRPCRoute"],
    TLS: tls?.mode === "Passthrough" ? ["TLSRoute"] : ["TLSRoute", "TCPRoute"],
    TCP: ["TCPRoute"],
    UDP: ["UDPRoute"],
  };
  return (kinds[protocol] ?? []).map((kind) => ({ group: gatewayGroup, kind }));
}

/** Decides about all Gateways of our classes, from the oldest to the youngest. */
export function planGateways(
  gateways: readonly Gateway[],
  classes: ReadonlyMap<string, ClassPlan>,
  run: GatewayRun,
): GatewayPlan[] {
  const ordered = [...gateways].sort(compareAge);
  const taken = requestedAddresses(ordered);
  const plans = ordered.map((gateway) => {
    const ofClass = classes.get(gateway.spec.gatewayClassName)?.settings ?? null;
    return planGateway(gateway, ofClass, run, taken);
  });
  markConflicts(plans);
  markOverlaps(plans);
  return plans;
}

function planGateway(
  gateway: Gateway,
  ofClass: SettingsSource | null,
  run: GatewayRun,
  taken: Set<string>,
): GatewayPlan {
  const address = planAddresses(gateway, run.options, taken);
  const parameters = parametersOf(gateway, run.facts);
  // With settings that are not known the Gateway is not served: they may be what holds attackers off.
  const shown = planClientCertificate(gateway, run);
  const { namespace, name } = gateway.metadata;
  const place = { kind: "Gateway", namespace, name, sectionName: "" } as const;
  const [ofGateway, mistakes] = isFinding(parameters) ? [null, [parameters]] : [parameters, []];
  return {
    key: keyOf(gateway),
    gateway,
    address,
    refused: [...address.refused, ...mistakes],
    unresolved: "finding" in shown ? [shown.finding] : [],
    listeners: gateway.spec.listeners.map((listener, index) =>
      planListener(gateway, listener, `spec.listeners[${index}]`, run),
    ),
    settings: planSettings(
      ofClass,
      ofGateway,
      "finding" in shown ? null : shown.secret,
      { place, names: policiesOn(policyKinds, "cluster", place, run.facts) },
      run.options,
    ),
  };
}

function parametersOf({ spec, metadata }: Gateway, facts: Facts): SettingsSource | Finding | null {
  const ref = spec.infrastructure?.parametersRef;
  if (ref === undefined) return null;
  return resolveParameters({ ...ref, namespace: metadata.namespace }, parametersPath, facts);
}

/** The certificate that backends are shown, by the name of its unit: one for the whole Gateway. */
function planClientCertificate(
  gateway: Gateway,
  { facts, memo, collector }: GatewayRun,
): { secret: string | null } | { finding: Finding } {
  const ref = gateway.spec.tls?.backend?.clientCertificateRef;
  if (ref === undefined) return { secret: null };
  const path = "spec.tls.backend.clientCertificateRef";
  const resolved = resolveCertificate(gateway, ref, path, facts, memo, "InvalidClientCertificateRef");
  if ("finding" in resolved) return resolved;
  const { unit } = resolved.certificate;
  collector.unitOf(memo, facts, unit);
  return { secret: unit.name };
}

function planListener(gateway: Gateway, listener: Listener, path: string, run: GatewayRun): ListenerPlan {
  const { namespace, name } = gateway.metadata;
  const tls = isOpened(listener) ? planTlsOf(gateway, listener, path, run) : null;
  const kinds = planKinds(listener, path);
  return {
    listener,
    id: `${namespace}/${name}/${listener.name}`,
    path,
    // Names mean nothing without TLS or HTTP.
    hostname: ["TCP", "UDP"].includes(listener.protocol) ? "" : (listener.hostname ?? ""),
    refused: protocolMistake(listener, path) ?? tls?.refused ?? selectorRefusal(listener, path),
    conflict: null,
    unresolved: [...(tls?.unresolved ?? []), ...kinds.findings],
    overlap: null,
    supportedKinds: kinds.supported,
    selector: listener.allowedRoutes.namespaces.selector ?? null,
    tls: tls?.tls ?? null,
    clientValidation: tls?.clientValidation ?? null,
    ...streamOf(listener),
    acme: tls?.acme ?? null,
    blocked: null,
  };
}

const isOpened = ({ protocol, tls }: Listener): boolean =>
  protocol === "HTTPS" || (protocol === "TLS" && tls?.mode !== "Passthrough");

function streamOf(listener: Listener): { stream?: "opened" | "passthrough" } {
  if (!["TLS", "TCP", "UDP"].includes(listener.protocol)) return {};
  return { stream: listener.protocol !== "TLS" || isOpened(listener) ? "opened" : "passthrough" };
}

interface SecurePlan extends TlsPlan {
  readonly clientValidation: ClientValidation | null;
}

function planTlsOf(gateway: Gateway, listener: Listener, path: string, run: GatewayRun): SecurePlan {
  const { facts, memo, states, collector, options } = run;
  const plan = planTls(gateway, listener, path, { facts, memo, states, nowMs: options.nowMs });
  for (const secret of plan.secrets) collector.unitOf(memo, facts, secret);
  for (const warning of plan.warnings) {
    collector.problem(keyOf(gateway), warning.path, warning.message, "warning");
  }
  const clients = planClientValidation(gateway, listener, facts);
  return {
    ...plan,
    refused: plan.refused ?? clients.refused,
    unresolved: [...plan.unresolved, ...clients.unresolved],
    clientValidation: clients.validation,
  };
}

function protocolMistake({ protocol }: Listener, path: string): Finding | null {
  if (["HTTP", "HTTPS", "TLS", "TCP", "UDP"].includes(protocol)) return null;
  const message = `unknown protocol ${protocol}; use HTTP, HTTPS, TLS, TCP or UDP`;
  return makeFinding("UnsupportedProtocol", `${path}.protocol`, message);
}

/** A selector that cannot be read selects nothing; the listener says so instead of looking idle. */
function selectorRefusal({ allowedRoutes }: Listener, path: string): Finding | null {
  const { from, selector } = allowedRoutes.namespaces;
  if (from !== "Selector") return null;
  const field = `${path}.allowedRoutes.namespaces.selector`;
  if (selector === undefined) {
    return makeFinding("UnsupportedValue", field, "must be given where from is Selector");
  }
  const mistake = selectorMistake(selector);
  return mistake && makeFinding("UnsupportedValue", `${field}.${mistake.path}`, mistake.message);
}

function planKinds(listener: Listener, path: string) {
  const possible = possibleKinds(listener);
  const asked = listener.allowedRoutes.kinds ?? [];
  if (asked.length === 0) return { supported: possible, findings: [] };
  const isPossible = ({ group, kind }: { group: string; kind: string }) =>
    possible.some((one) => one.group === group && one.kind === kind);
  const names = possible.map(({ kind }) => kind).join(" or ");
  const hint = names === "" ? "" : `; use ${names}`;
  const findings = asked.flatMap((one, index) => {
    if (isPossible(one)) return [];
    const message = `${one.kind} of group "${one.group}" cannot attach to ${listener.protocol}${hint}`;
    return [makeFinding("InvalidRouteKinds", `${path}.allowedRoutes.kinds[${index}]`, message)];
  });
  return {
    supported: possible.filter(({ kind }) => asked.some((one) => isPossible(one) && one.kind === kind)),
    findings,
  };
}

/** What is wrong with a Gateway, for `heddle check`. */
export function reportGateway(plan: GatewayPlan, taken: Finding | null, collector: Collector): void {
  collector.findings(plan.key, [...plan.refused, ...plan.unresolved, ...plan.address.missing]);
  for (const { refused, conflict, unresolved, blocked } of plan.listeners) {
    collector.findings(plan.key, [refused, conflict, ...unresolved, blocked]);
  }
  // Traffic does not go by it.
  if (taken !== null) collector.problem(plan.key, taken.path, taken.message, "warning");
}
