import { ruleName } from "./rule-source.ts";
import type { StreamBackendSpec, StreamRouteUnit } from "@heddle/engine/model";
import { gatewayGroup, keyOf, type TCPRoute, type TLSRoute, type UDPRoute } from "../resources/index.ts";
import { createdMs } from "./age.ts";
import { resolveBackend } from "./backend-ref.ts";
import { defaultControllerName, type CompileOptions } from "./compile-io.ts";
import { problemOf } from "./compile-problem.ts";
import type { FactReader } from "./facts.ts";
import { clusterUnder } from "./gateway-settings.ts";
import { hashUnit } from "./hash-unit.ts";
import type { RouteResult } from "./request-route.ts";
import { attachmentsOf, resolveParents, type ParentOutcome } from "./route-parents.ts";
import { partName } from "./route-parts.ts";
import { goodUnless, noteOf, verdictOf, type Finding, type Warning } from "./status.ts";

export type StreamRoute = TCPRoute | TLSRoute | UDPRoute;

/** As many as a status may have. */
const maxParents = 32;

/**
 * A route of connections as a unit with its status. It has one rule; where an older version of the kind has several,
 * the first holds, since nothing tells which connections the others are for.
 */
export function compileStreamRoute(
  route: StreamRoute,
  facts: FactReader,
  options: CompileOptions,
): RouteResult {
  const { outcomes, problems } = resolveParents(route, facts);
  const parts = partsOf(outcomes).map((part, at) => ({
    unit: unitOf(route, part, at, facts, options),
    listeners: part.outcomes.flatMap(({ listeners }) => listeners.map(({ id }) => id)),
  }));
  const { unresolved, warnings } = planBackends(route, defaultPart(outcomes), facts, options);
  const key = keyOf(route);
  const accepted = outcomes.filter(({ refused }) => refused === null).flatMap(({ listeners }) => listeners);
  return {
    units: parts.map(({ unit }) => hashUnit(unit)),
    status: { parents: parentStatuses(route, outcomes, { unresolved, warnings }, options) },
    claims: [...new Set(accepted.map(({ id }) => id))].map((listener) => ({ listener, hostnames: [] })),
    reached: parts.map(({ unit: { backends }, listeners }) => ({
      listeners,
      clusters: backends.flatMap(({ cluster }) => cluster ?? []),
    })),
    problems: [
      ...problems,
      ...unresolved.map((finding) => problemOf(key, finding)),
      ...warnings.map((warning) => ({ key, ...warning, severity: "warning" as const })),
    ],
    policies: [],
    data: [],
    canaries: [],
  };
}

/** A route as it is for the Gateways of one upstream, and for listeners that open TLS, or do not. */
interface StreamPart {
  /** See route-parts.ts: a connection goes on as the Gateway says that it came by. */
  readonly upstreamId: string;
  readonly isPassthrough: boolean;
  /** With the listeners that are served and of this part. */
  readonly outcomes: readonly ParentOutcome[];
}

const defaultPart = (outcomes: readonly ParentOutcome[]): StreamPart => ({
  upstreamId: "",
  isPassthrough: false,
  outcomes,
});

function partsOf(outcomes: readonly ParentOutcome[]): StreamPart[] {
  const parts = new Map<string, StreamPart & { outcomes: ParentOutcome[] }>();
  for (const outcome of outcomes) {
    const upstreamId = outcome.parent?.upstreamId ?? "";
    for (const isPassthrough of [false, true]) {
      const listeners = outcome.listeners.filter(
        (one) => one.isServed && one.isPassthrough === isPassthrough,
      );
      if (listeners.length === 0) continue;
      const key = `${upstreamId} ${isPassthrough}`;
      const part = parts.get(key) ?? { upstreamId, isPassthrough, outcomes: [] };
      part.outcomes.push({ ...outcome, listeners });
      parts.set(key, part);
    }
  }
  return [...parts.values()];
}

function unitOf(
  route: StreamRoute,
  part: StreamPart,
  at: number,
  facts: FactReader,
  options: CompileOptions,
): StreamRouteUnit {
  const { namespace, name } = route.metadata;
  const whole = `${route.kind.toLowerCase()}/${namespace}/${name}`;
  const further = `${partName(whole, part.upstreamId)}${part.isPassthrough ? "+tls" : ""}`;
  return {
    kind: "stream-route",
    name: at === 0 ? whole : further,
    attachments: attachmentsOf(route, part.outcomes),
    rule: ruleName(route.spec.rules[0]?.name, 0),
    backends: planBackends(route, part, facts, options).backends,
    createdMs: createdMs(route),
  };
}

function parentStatuses(
  { metadata: { generation } }: StreamRoute,
  outcomes: readonly ParentOutcome[],
  { unresolved, warnings }: Omit<BackendsPlan, "backends">,
  options: CompileOptions,
) {
  const controllerName = options.controllerName ?? defaultControllerName;
  return outcomes.slice(0, maxParents).map(({ parentRef, refused }) => ({
    parentRef,
    controllerName,
    conditions: [
      goodUnless("Accepted", verdictOf([refused]), "Accepted", generation),
      goodUnless("ResolvedRefs", verdictOf(unresolved), "ResolvedRefs", generation, noteOf(warnings)),
    ],
  }));
}

interface BackendsPlan {
  readonly backends: readonly StreamBackendSpec[];
  readonly unresolved: readonly Finding[];
  readonly warnings: readonly Warning[];
}

function planBackends(
  route: StreamRoute,
  { upstreamId, isPassthrough }: StreamPart,
  facts: FactReader,
  options: CompileOptions,
): BackendsPlan {
  const { kind, metadata } = route;
  const transport = kind === "UDPRoute" ? "UDP" : isPassthrough ? "TLS" : "TCP";
  const from = {
    group: gatewayGroup,
    kind,
    namespace: metadata.namespace,
    transport,
    isGrpc: false,
  } as const;
  const unresolved: Finding[] = [];
  const warnings: Warning[] = [];
  const backends = (route.spec.rules[0]?.backendRefs ?? []).map((ref, index): StreamBackendSpec => {
    const path = `spec.rules[0].backendRefs[${index}]`;
    const resolved = resolveBackend(ref, path, from, facts, options.controlAddresses ?? []);
    if ("finding" in resolved) unresolved.push(resolved.finding);
    else if (resolved.warning !== undefined) warnings.push(resolved.warning);
    const cluster = "finding" in resolved ? null : clusterUnder(resolved.cluster, upstreamId);
    return { cluster, weight: ref.weight };
  });
  return { backends, unresolved, warnings };
}
