import { keyOf, type GatewayClass } from "../resources/index.ts";
import type { Collector } from "./collector.ts";
import { defaultControllerName, type CompileOptions } from "./compile-io.ts";
import type { Facts } from "./facts.ts";
import { supportedFeatures } from "./features.ts";
import { condition, goodUnless, type Finding, type GatewayClassStatus } from "./status.ts";

/** The class that is there without being declared. */
export const defaultClassName = "heddle";

/** The names of the classes whose Gateways are ours; their statuses go to the collector. */
export function compileGatewayClasses(
  facts: Facts,
  options: CompileOptions,
  collector: Collector,
): Set<string> {
  const controllerName = options.controllerName ?? defaultControllerName;
  const ours = new Set([defaultClassName]);
  for (const gatewayClass of facts.ofKind("GatewayClass")) {
    const { name } = gatewayClass.metadata;
    if (gatewayClass.spec.controllerName !== controllerName) {
      ours.delete(name);
      continue;
    }
    const refused = parametersMistake(gatewayClass);
    if (refused === null) ours.add(name);
    else {
      ours.delete(name);
      collector.problem(keyOf(gatewayClass), "spec.parametersRef", refused.message, "error");
    }
    collector.status(keyOf(gatewayClass), statusOf(gatewayClass, refused));
  }
  return ours;
}

function parametersMistake({ spec }: GatewayClass): Finding | null {
  const ref = spec.parametersRef;
  if (ref === undefined) return null;
  return {
    reason: "InvalidParameters",
    message: `spec.parametersRef: there are no parameters of kind ${ref.kind}; remove it`,
  };
}

function statusOf({ metadata: { generation } }: GatewayClass, refused: Finding | null): GatewayClassStatus {
  return {
    conditions: [
      goodUnless("Accepted", refused, "Accepted", generation),
      condition("SupportedVersion", "True", { reason: "SupportedVersion", message: "" }, generation),
    ],
    supportedFeatures,
  };
}
