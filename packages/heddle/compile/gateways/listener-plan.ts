import type { ClientValidation } from "@heddle/engine/model";
import { gatewayGroup, type Gateway, type Listener } from "../../resources/index.ts";
import type { AcmeStates } from "../io/acme-io.ts";
import type { Collector } from "../pass/collector.ts";
import { planClientValidation, type ClientValidationPlan } from "./client-validation.ts";
import type { CompileOptions } from "../io/compile-io.ts";
import type { Facts } from "../pass/facts.ts";
import type { ListenerOwner, ListenerPlan } from "./gateway-plan.ts";
import { listenerId } from "../values/listener-id.ts";
import { planTls, unopenedOptionWarnings, type TlsPlan } from "./listener-tls.ts";
import type { CompileMemo } from "../pass/memo.ts";
import { selectorFinding } from "../references/namespaces-from.ts";
import { makeFinding, type Finding, type Warning } from "../io/status.ts";

/** What the planning of Gateways works with. */
export interface GatewayRun {
  readonly facts: Facts;
  readonly memo: CompileMemo;
  readonly options: CompileOptions;
  readonly collector: Collector;
  readonly states: AcmeStates;
}

/** Decides about one listener of a Gateway by itself; `owner` is the Gateway, or the ListenerSet that it stands in. */
export function planListener(
  gateway: Gateway,
  owner: ListenerOwner,
  index: number,
  listener: Listener,
  run: GatewayRun,
): ListenerPlan {
  const path = `spec.listeners[${index}]`;
  const tls = isOpened(listener) ? planTlsOf(gateway, owner, listener, path, run) : null;
  const warnings = tls?.optionWarnings ?? unopenedOptionWarnings(listener, path);
  if (tls === null) warn(owner, warnings, run);
  const kinds = planKinds(listener, path);
  const namespaces = selectorFinding(listener.allowedRoutes.namespaces, `${path}.allowedRoutes.namespaces`);
  return {
    listener,
    owner,
    id: listenerId(gateway.metadata, owner, listener.name),
    path,
    // Names mean nothing without TLS or HTTP.
    hostname: ["TCP", "UDP"].includes(listener.protocol) ? "" : (listener.hostname ?? ""),
    refused: protocolMistake(listener, path) ?? tls?.refused ?? namespaces,
    conflict: null,
    unresolved: [...(tls?.unresolved ?? []), ...kinds.findings],
    warnings,
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

function planTlsOf(
  gateway: Gateway,
  owner: ListenerOwner,
  listener: Listener,
  path: string,
  run: GatewayRun,
): SecurePlan {
  const { facts, memo, states, collector, options } = run;
  const plan = planTls(owner, listener, path, { facts, memo, states, nowMs: options.nowMs });
  for (const secret of plan.secrets) collector.unitOf(memo, facts, secret);
  warn(owner, plan.warnings, run);
  const ofPort = planClientValidation(gateway, listener, facts);
  const clients = owner.kind === "Gateway" ? ofPort : asToldToSets(ofPort, gateway, `${path}.port`);
  return {
    ...plan,
    refused: plan.refused ?? clients.refused,
    unresolved: [...plan.unresolved, ...clients.unresolved],
    clientValidation: clients.validation,
  };
}

function warn({ key }: ListenerOwner, warnings: readonly Warning[], { collector }: GatewayRun): void {
  for (const { path, message } of warnings) collector.problem(key, path, message, "warning");
}

/** How clients are asked for certificates is the Gateway's matter, and so is the mend: a ListenerSet may belong to others. */
function asToldToSets(plan: ClientValidationPlan, { metadata }: Gateway, path: string): ClientValidationPlan {
  if (plan.refused === null) return { ...plan, unresolved: [] };
  const message = `Gateway ${metadata.namespace}/${metadata.name} asks clients of this port for certificates, and nobody can vouch for them; mend its spec.tls.frontend, or use another port`;
  return { ...plan, refused: makeFinding(plan.refused.reason, path, message), unresolved: [] };
}

function protocolMistake({ protocol }: Listener, path: string): Finding | null {
  if (["HTTP", "HTTPS", "TLS", "TCP", "UDP"].includes(protocol)) return null;
  const message = `unknown protocol ${protocol}; use HTTP, HTTPS, TLS, TCP or UDP`;
  return makeFinding("UnsupportedProtocol", `${path}.protocol`, message);
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
