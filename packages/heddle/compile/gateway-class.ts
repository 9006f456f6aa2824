import { keyOf, type Gateway, type GatewayClass } from "../resources/index.ts";
import type { Collector } from "./collector.ts";
import { defaultControllerName, type CompileOptions } from "./compile-io.ts";
import type { Facts } from "./facts.ts";
import { supportedFeatures } from "./features.ts";
import {
  condition,
  goodUnless,
  makeFinding,
  verdictOf,
  type Finding,
  type GatewayClassStatus,
} from "./status.ts";

/** The class that is there without being declared. */
export const defaultClassName = "heddle";

/** Whose Gateways are those of a class: ours, another controller's, or nobody's, since the class is not accepted. */
type Owner = "ours" | "theirs" | "nobody";

/** The statuses of our classes go to the collector. */
export function compileGatewayClasses(
  facts: Facts,
  options: CompileOptions,
  collector: Collector,
): ReadonlyMap<string, Owner> {
  const controllerName = options.controllerName ?? defaultControllerName;
  const owners = new Map<string, Owner>([[defaultClassName, "ours"]]);
  for (const gatewayClass of facts.ofKind("GatewayClass")) {
    const { name } = gatewayClass.metadata;
    if (gatewayClass.spec.controllerName !== controllerName) {
      owners.set(name, "theirs");
      continue;
    }
    const refused = parametersMistake(gatewayClass);
    owners.set(name, refused === null ? "ours" : "nobody");
    collector.findings(keyOf(gatewayClass), [refused]);
    collector.status(keyOf(gatewayClass), statusOf(gatewayClass, refused));
  }
  return owners;
}

/** The Gateways of our classes. Those of a class that is not there are reported: they look served and are not. */
export function selectGateways(
  gateways: readonly Gateway[],
  owners: ReadonlyMap<string, Owner>,
  collector: Collector,
): Gateway[] {
  return gateways.filter((gateway) => {
    const { gatewayClassName } = gateway.spec;
    const owner = owners.get(gatewayClassName);
    if (owner === undefined || owner === "nobody") {
      const message =
        owner === undefined
          ? `there is no GatewayClass ${gatewayClassName}, so nobody serves this Gateway; use ${defaultClassName}`
          : `GatewayClass ${gatewayClassName} is not accepted, so this Gateway is not served; see the status of the class`;
      collector.problem(keyOf(gateway), "spec.gatewayClassName", message, "error");
    }
    return owner === "ours";
  });
}

function parametersMistake({ spec }: GatewayClass): Finding | null {
  const ref = spec.parametersRef;
  if (ref === undefined) return null;
  const message = `there are no parameters of kind ${ref.kind}; remove it`;
  return makeFinding("InvalidParameters", "spec.parametersRef", message);
}

function statusOf({ metadata: { generation } }: GatewayClass, refused: Finding | null): GatewayClassStatus {
  return {
    conditions: [
      goodUnless("Accepted", verdictOf([refused]), "Accepted", generation),
      condition("SupportedVersion", "True", { reason: "SupportedVersion", message: "" }, generation),
    ],
    supportedFeatures,
  };
}
