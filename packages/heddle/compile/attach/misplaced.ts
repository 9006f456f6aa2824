import type { PolicyTarget, PolicyTargetKind } from "../../resources/index.ts";
import { makeFinding, type Finding } from "../status.ts";
import { valueAt } from "./field-path.ts";
import type { PolicyKind, PolicyStage } from "./policy-kind.ts";
import type { PolicySpec } from "./policy.ts";

const allStages: readonly PolicyStage[] = ["rule", "cluster", "request"];

/** What policies of a target act on. */
const stages: Readonly<Record<PolicyTargetKind, readonly PolicyStage[]>> = {
  Namespace: ["request"],
  Gateway: allStages,
  HTTPRoute: ["rule", "request"],
  GRPCRoute: ["rule", "request"],
  TCPRoute: ["rule"],
  TLSRoute: ["rule"],
  UDPRoute: ["rule"],
  Service: ["cluster", "request"],
  Backend: ["cluster", "request"],
};

/** Which kinds a field may be attached to instead. */
const places: Readonly<Record<PolicyStage, string>> = {
  rule: "a route or a Gateway",
  cluster: "a Service, a Backend or a whole Gateway",
  request: "a route of requests, a Service, a Backend or a Gateway",
};

/** A field that has no effect on a target, whatever is there; null without one. */
export function misplacedField(kind: PolicyKind, spec: PolicySpec, target: PolicyTarget): Finding | null {
  // Listeners share the clusters of their Gateway.
  const isListener = target.kind === "Gateway" && target.sectionName !== undefined;
  const allowed = isListener ? ["rule", "request"] : stages[target.kind];
  for (const [path, stage] of Object.entries(kind.fields)) {
    if (allowed.includes(stage) || valueAt(spec, path) === undefined) continue;
    const what = isListener ? "single listeners" : `${target.kind}s`;
    const message = `has no effect on ${what}; attach it to ${places[stage]} by a policy of its own`;
    return makeFinding("Invalid", `spec.${path}`, message);
  }
  return null;
}
