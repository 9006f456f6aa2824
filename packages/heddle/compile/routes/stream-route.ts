import { ruleName } from "./rule-source.ts";
import type { StreamBackendSpec, StreamRouteUnit } from "@heddle/engine/model";
import { gatewayGroup, keyOf, type TCPRoute, type TLSRoute, type UDPRoute } from "../../resources/index.ts";
import { createdMs } from "../values/age.ts";
import { withPolicies } from "../attach/index.ts";
import { resolveBackend } from "../backends/backend-ref.ts";
import { defaultControllerName, type CompileOptions } from "../io/compile-io.ts";
import { problemOf } from "../io/compile-problem.ts";
import type { FactReader } from "../pass/facts.ts";
import { clusterUnder } from "../gateways/gateway-settings.ts";
import { hashUnit } from "../pass/hash-unit.ts";
import type { ListenerView } from "./parent-view.ts";
import { policyKinds } from "../policies/policy-kinds.ts";
import { PolicyPlace, type PolicySource } from "../policies/policy-source.ts";
import type { RouteResult } from "./request-route.ts";
import { attachmentsOf, resolveParents, type ParentOutcome } from "./route-parents.ts";
import { partId, partName, placesIn } from "./route-parts.ts";
import { backendGuards, routeGuards, type StreamGuard } from "./stream-guards.ts";
import { goodUnless, noteOf, verdictOf, type Finding, type Warning } from "../io/status.ts";

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
  const parts = partsOf(outcomes, facts).map((part, at) => ({
    ...unitOf(route, part, at, facts, options),
    places: part.places,
    listeners: part.outcomes.flatMap(({ listeners }) => listeners.map(({ id }) => id)),
  }));
  const { unresolved, warnings } = planBackends(route, defaultPart(outcomes), facts, options);
  const key = keyOf(route);
  const guards = parts.length === 0 ? [] : guardsOf(route, parts, facts);
  const accepted = outcomes.filter(({ refused }) => refused === null).flatMap(({ listeners }) => listeners);
  return {
    key,
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
      ...guards.map(({ path, isClosed, message }) => ({
        key,
        path,
        message,
        severity: isClosed ? ("error" as const) : ("warning" as const),
      })),
    ],
    policies: parts.flatMap(({ unit, sources }) =>
      sources.length === 0 ? [] : [[`route:${unit.name}/${unit.rule}`, sources] as const],
    ),
    data: [],
    canaries: [],
  };
}

/** A route as it is for the listeners of one upstream and the same policies, and for those that open TLS, or do not. */
interface StreamPart {
  /** See route-parts.ts. */
  readonly id: string;
  readonly places: readonly PolicyPlace[];
  /** A connection goes on as the Gateway says that it came by. */
  readonly upstreamId: string;
  readonly isPassthrough: boolean;
  /** With the listeners that are served and of this part. */
  readonly outcomes: readonly ParentOutcome[];
}

const defaultPart = (outcomes: readonly ParentOutcome[]): StreamPart => ({
  id: "",
  places: [],
  upstreamId: "",
  isPassthrough: false,
  outcomes,
});

function partsOf(outcomes: readonly ParentOutcome[], facts: FactReader): StreamPart[] {
  const parts = new Map<string, StreamPart & { outcomes: ParentOutcome[] }>();
  for (const outcome of outcomes) {
    const { parent } = outcome;
    if (parent === null) continue;
    const own = new Map<string, ListenerView[]>();
    const served = outcome.listeners.filter(({ isServed }) => isServed);
    // Those that open TLS first: their part has the plain name.
    const ordered = served.toSorted((a, b) => Number(a.isPassthrough) - Number(b.isPassthrough));
    for (const listener of ordered) {
      const { isPassthrough } = listener;
      const places = placesIn(parent, listener);
      const id = partId(parent, places, ["stream", "request"], facts);
      const key = `${id} ${isPassthrough}`;
      const { upstreamId } = parent;
      if (!parts.has(key)) parts.set(key, { id, places, upstreamId, isPassthrough, outcomes: [] });
      own.set(key, [...(own.get(key) ?? []), listener]);
    }
    for (const [key, listeners] of own) parts.get(key)!.outcomes.push({ ...outcome, listeners });
  }
  return [...parts.values()];
}

/** What policies of requests come to, once each. */
function guardsOf(
  { metadata: { namespace }, spec }: StreamRoute,
  parts: readonly Pick<StreamPart, "places">[],
  facts: FactReader,
): readonly (StreamGuard & { readonly path: string })[] {
  const above = parts.flatMap(({ places }) => routeGuards(places, namespace, facts));
  const all = [
    ...above.map((guard) => ({ ...guard, path: "spec.parentRefs" })),
    ...(spec.rules[0]?.backendRefs ?? []).flatMap((ref, at) =>
      backendGuards(ref, namespace, facts).map((guard) => ({
        ...guard,
        path: `spec.rules[0].backendRefs[${at}]`,
      })),
    ),
  ];
  return [...new Map(all.map((guard) => [guard.message, guard])).values()];
}

function unitOf(
  route: StreamRoute,
  part: StreamPart,
  at: number,
  facts: FactReader,
  options: CompileOptions,
): { readonly unit: StreamRouteUnit; readonly sources: readonly PolicySource[] } {
  const { kind, metadata } = route;
  const { namespace, name } = metadata;
  const whole = `${kind.toLowerCase()}/${namespace}/${name}`;
  const further = `${partName(whole, part.id)}${part.isPassthrough ? "+tls" : ""}`;
  const rule = ruleName(route.spec.rules[0]?.name, 0);
  const chain = [...part.places, new PolicyPlace(kind, namespace, name, rule)];
  const { plan, sources } = withPolicies("stream", {}, policyKinds, chain, facts);
  const unit: StreamRouteUnit = {
    kind: "stream-route",
    name: at === 0 ? whole : further,
    attachments: attachmentsOf(route, part.outcomes),
    rule,
    backends: planBackends(route, part, facts, options).backends,
    createdMs: createdMs(route),
    ...plan,
  };
  return { unit, sources };
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
  { upstreamId, isPassthrough, places }: StreamPart,
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
  const { namespace } = metadata;
  const isShut = routeGuards(places, namespace, facts).some(({ isClosed }) => isClosed);
  const backends = (route.spec.rules[0]?.backendRefs ?? []).map((ref, index): StreamBackendSpec => {
    const path = `spec.rules[0].backendRefs[${index}]`;
    const resolved = resolveBackend(ref, path, from, facts, options.controlAddresses ?? []);
    if ("finding" in resolved) unresolved.push(resolved.finding);
    else if (resolved.warning !== undefined) warnings.push(resolved.warning);
    const isClosed = isShut || backendGuards(ref, namespace, facts).some((guard) => guard.isClosed);
    const isGone = isClosed || "finding" in resolved;
    return { cluster: isGone ? null : clusterUnder(resolved.cluster, upstreamId), weight: ref.weight };
  });
  return { backends, unresolved, warnings };
}
