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
import { attachmentsOf, resolveParents } from "./route-parents.ts";
import { ruleName } from "./route-rules.ts";
import { goodUnless, verdictOf, type Finding } from "./status.ts";

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
  const { namespace, name, generation } = route.metadata;
  const { outcomes, problems } = resolveParents(route, facts);
  const upstreamId =
    outcomes.find(({ listeners }) => listeners.some(({ isServed }) => isServed))?.gateway?.upstreamId ?? "";
  const plan = planBackends(route, upstreamId, facts, options);
  const attachments = attachmentsOf(route, outcomes);
  const unit: StreamRouteUnit = {
    kind: "stream-route",
    name: `${route.kind.toLowerCase()}/${namespace}/${name}`,
    attachments,
    rule: ruleName(route.spec.rules[0]?.name, 0),
    backends: plan.backends,
    createdMs: createdMs(route),
  };
  const controllerName = options.controllerName ?? defaultControllerName;
  const parents = outcomes.map(({ parentRef, refused }) => ({
    parentRef,
    controllerName,
    conditions: [
      goodUnless("Accepted", verdictOf([refused]), "Accepted", generation),
      goodUnless("ResolvedRefs", verdictOf(plan.unresolved), "ResolvedRefs", generation),
    ],
  }));
  const accepted = outcomes.filter(({ refused }) => refused === null).flatMap(({ listeners }) => listeners);
  return {
    units: attachments.length > 0 ? [hashUnit(unit)] : [],
    status: { parents: parents.slice(0, maxParents) },
    claims: [...new Set(accepted.map(({ id }) => id))].map((listener) => ({ listener, hostnames: [] })),
    clusters: attachments.length > 0 ? plan.clusters : [],
    problems: [...problems, ...plan.unresolved.map((finding) => problemOf(keyOf(route), finding))],
    policies: [],
  };
}

interface BackendsPlan {
  readonly backends: readonly StreamBackendSpec[];
  readonly clusters: readonly string[];
  readonly unresolved: readonly Finding[];
}

function planBackends(
  route: StreamRoute,
  upstreamId: string,
  facts: FactReader,
  options: CompileOptions,
): BackendsPlan {
  const from = { group: gatewayGroup, kind: route.kind, namespace: route.metadata.namespace };
  const unresolved: Finding[] = [];
  const backends = (route.spec.rules[0]?.backendRefs ?? []).map((ref, index): StreamBackendSpec => {
    const path = `spec.rules[0].backendRefs[${index}]`;
    const resolved = resolveBackend(ref, path, from, facts, options.controlAddresses ?? []);
    if ("finding" in resolved) unresolved.push(resolved.finding);
    const cluster = "finding" in resolved ? null : clusterUnder(resolved.cluster, upstreamId);
    return { cluster, weight: ref.weight };
  });
  return { backends, clusters: backends.flatMap(({ cluster }) => cluster ?? []), unresolved };
}
