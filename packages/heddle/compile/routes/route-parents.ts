import type { RouteAttachment } from "@heddle/engine/model";
import { gatewayGroup, keyOf, type ParentReference, type Resource } from "../../resources/index.ts";
import { problemOf, type CompileProblem } from "../io/compile-problem.ts";
import type { FactReader } from "../pass/facts.ts";
import { sharedHostnames } from "../values/hostnames.ts";
import { takesNamespace } from "../references/namespaces-from.ts";
import { parentMissing } from "../references/parent-missing.ts";
import { parentFact, type ListenerView, type ParentView } from "./parent-view.ts";
import { makeFinding, type Finding } from "../io/status.ts";

/** The kinds of routes. */
export type Route = Extract<
  Resource,
  { kind: "HTTPRoute" | "GRPCRoute" | "TLSRoute" | "TCPRoute" | "UDPRoute" }
>;

/** Those of requests. */
export type RequestRoute = Extract<Route, { kind: "HTTPRoute" | "GRPCRoute" }>;

/** What comes of one parentRef. */
export interface ParentOutcome {
  readonly parentRef: ParentReference;
  /** Why the parent does not take the route. */
  readonly refused: Finding | null;
  /** Listeners that take it, served or not. */
  readonly listeners: readonly ListenerView[];
  /** The Gateway, or the ListenerSet of one; null for one that is not served yet. */
  readonly parent: ParentView | null;
}

/** A parent that is none of ours has no outcome: its own controller speaks of it. */
type ParentResult = ParentOutcome | { readonly stranger: string | null };

/** The fact of the Gateways that take routes which ask for default ones. */
export const defaultGatewaysFact = "~default-gateways";

/** What comes of all parents of a route, those that it does not name included. */
export function resolveParents(route: Route, facts: FactReader) {
  const outcomes: ParentOutcome[] = [];
  const problems: CompileProblem[] = [];
  const key = keyOf(route);
  const named = route.spec.parentRefs ?? [];
  for (const [index, ref] of named.entries()) {
    const path = `spec.parentRefs[${index}]`;
    const result = resolveParent(route, ref, path, facts);
    if ("stranger" in result) {
      if (result.stranger !== null) problems.push({ key, path, message: result.stranger, severity: "error" });
    } else {
      outcomes.push(result);
      if (result.refused !== null) problems.push(problemOf(key, result.refused));
    }
  }
  outcomes.push(...defaultParents(route, facts));
  if (named.length === 0 && outcomes.length === 0) {
    const message = "the route has no parent, so nothing reaches it; name a Gateway";
    problems.push({ key, path: "spec.parentRefs", message, severity: "warning" });
  }
  return { outcomes, problems };
}

/** The Gateways that take a route because it asks for default ones, beside those that it names. */
function defaultParents(route: Route, facts: FactReader): ParentOutcome[] {
  const { parentRefs = [], useDefaultGateways } = route.spec;
  if (useDefaultGateways !== "All") return [];
  const defaults =
    (facts.read(defaultGatewaysFact) as { namespace: string; name: string }[] | undefined) ?? [];
  const isNamed = ({ namespace, name }: { namespace: string; name: string }) =>
    parentRefs.some(
      (ref) =>
        ref.kind === "Gateway" &&
        ref.name === name &&
        (ref.namespace ?? route.metadata.namespace) === namespace,
    );
  return defaults
    .filter((one) => !isNamed(one))
    .map((one) => resolveParent(route, { group: gatewayGroup, kind: "Gateway", ...one }, "", facts))
    .filter((one) => "refused" in one)
    .filter(({ refused }) => refused === null);
}

function resolveParent(
  route: Route,
  parentRef: ParentReference,
  path: string,
  facts: FactReader,
): ParentResult {
  const { group, kind, name, namespace = route.metadata.namespace } = parentRef;
  if (group === gatewayGroup && (kind === "Gateway" || kind === "ListenerSet")) {
    const view = facts.read(parentFact(kind, namespace, name)) as ParentView | undefined;
    if (view !== undefined) return attach(route, parentRef, path, view, facts);
    return { stranger: parentMissing(kind, namespace, name, facts) };
  }
  if (group !== "" || kind !== "Service") {
    return { stranger: `cannot attach to ${kind} of group "${group}"; use a Gateway or ListenerSet` };
  }
  const message = "this version does not serve traffic between workloads yet; use a Gateway or ListenerSet";
  return { parentRef, refused: makeFinding("UnsupportedValue", path, message), listeners: [], parent: null };
}

function attach(
  route: Route,
  parentRef: ParentReference,
  path: string,
  view: ParentView,
  facts: FactReader,
): ParentOutcome {
  const refuse = (reason: string, message: string): ParentOutcome => ({
    parentRef,
    refused: makeFinding(reason, path, message),
    listeners: [],
    parent: view,
  });
  const { sectionName, port } = parentRef;
  const parent = `${view.kind} ${view.namespace}/${view.name}`;
  if (view.refused !== null) {
    return refuse("NoMatchingParent", `${parent} is attached to no Gateway: ${view.refused}`);
  }
  const named = view.listeners.filter(
    (one) =>
      (sectionName === undefined || one.name === sectionName) && (port === undefined || one.port === port),
  );
  if (named.length === 0) {
    const has = view.listeners.map((one) => `${one.name} (port ${one.port})`).join(", ");
    const asked = [sectionName && `sectionName ${sectionName}`, port && `port ${port}`]
      .filter(Boolean)
      .join(" and ");
    return refuse("NoMatchingParent", `no listener of ${parent} has ${asked}; it has ${has}`);
  }
  const allowed = named.filter((one) => allows(one, view, route, facts));
  if (allowed.length === 0) {
    const names = named.map((one) => one.name).join(", ");
    return refuse(
      "NotAllowedByListeners",
      `no listener of ${parent} (${names}) allows ${route.kind}s of namespace ${route.metadata.namespace}; see spec.listeners[].allowedRoutes`,
    );
  }
  const hostnames = hostnamesOf(route);
  const matching = allowed.filter((one) => sharedHostnames(one.hostname, hostnames).length > 0);
  if (matching.length > 0) return { parentRef, refused: null, listeners: matching, parent: view };
  const has = allowed.map((one) => `${one.hostname} (${one.name})`).join(", ");
  return refuse(
    "NoMatchingListenerHostname",
    `none of spec.hostnames (${hostnames.join(", ")}) fits a listener of ${parent}: ${has}`,
  );
}

/** TCPRoutes and UDPRoutes have none. */
function hostnamesOf({ spec }: Route): readonly string[] {
  return "hostnames" in spec ? (spec.hostnames ?? []) : [];
}

function allows(listener: ListenerView, view: ParentView, route: Route, facts: FactReader): boolean {
  return (
    listener.kinds.includes(route.kind) &&
    takesNamespace(listener, view.namespace, route.metadata.namespace, facts)
  );
}

/** Where a route is reached: the served listeners of all its parents, each once. */
export function attachmentsOf(route: Route, outcomes: readonly ParentOutcome[]): RouteAttachment[] {
  const found = new Map<string, RouteAttachment>();
  for (const listener of outcomes.flatMap(({ listeners }) => listeners)) {
    if (!listener.isServed || found.has(listener.id)) continue;
    const hostnames = sharedHostnames(listener.hostname, hostnamesOf(route));
    found.set(listener.id, { server: listener.id, hostnames });
  }
  return [...found.values()];
}
