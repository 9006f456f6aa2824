import type { PolicyTarget, PolicyTargetKind } from "../../resources/index.ts";
import { makeFinding, type Finding } from "../io/status.ts";
import { valueAt } from "./field-path.ts";
import type { PolicyKind, PolicyStage } from "./policy-kind.ts";
import type { PolicySpec } from "./policy.ts";

const allStages: readonly PolicyStage[] = ["rule", "stream", "cluster", "request"];
/** Listeners share the clusters of their Gateway. */
const listenerStages: readonly PolicyStage[] = ["rule", "stream", "request"];

/** What policies of a target act on. */
const stages: Readonly<Record<PolicyTargetKind, readonly PolicyStage[]>> = {
  GatewayClass: ["request"],
  Namespace: ["request"],
  Gateway: allStages,
  ListenerSet: listenerStages,
  HTTPRoute: ["rule", "request"],
  GRPCRoute: ["rule", "request"],
  TCPRoute: ["stream"],
  TLSRoute: ["stream"],
  UDPRoute: ["stream"],
  Service: ["cluster", "request"],
  Backend: ["cluster", "request"],
};

/** Which kinds a field may be attached to instead. */
const places: Readonly<Record<PolicyStage, string>> = {
  rule: "an HTTPRoute, a GRPCRoute or a Gateway",
  stream: "a TCPRoute, a TLSRoute, a UDPRoute or a Gateway",
  cluster: "a Service, a Backend or a whole Gateway",
  request: "a route of requests, a Service, a Backend or a Gateway",
};

/** A field that has no effect on a target, whatever is there; null without one. */
export function misplacedField(kind: PolicyKind, spec: PolicySpec, target: PolicyTarget): Finding | null {
  const isListener = target.kind === "Gateway" && target.sectionName !== undefined;
  const isBackend = target.kind === "Service" || target.kind === "Backend";
  const allowed = isListener ? listenerStages : stages[target.kind];
  for (const [path, stage] of Object.entries(kind.fields)) {
    if (valueAt(spec, path) === undefined || allowed.includes(stage)) continue;
    if (isBackend && kind.backendFields?.includes(path)) continue;
    const what = isListener ? "single listeners" : `${target.kind}s`;
    const message = `has no effect on ${what}; attach it to ${places[stage]} by a policy of its own`;
    return makeFinding("Invalid", `spec.${path}`, message);
  }
  return null;
}
