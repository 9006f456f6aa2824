import { keyOf, type Gateway, type GatewayClass } from "../../resources/index.ts";
import type { Collector } from "../pass/collector.ts";
import { defaultControllerName, type CompileOptions } from "../io/compile-io.ts";
import type { Facts } from "../pass/facts.ts";
import { supportedFeatures } from "../features.ts";
import type { SettingsSource } from "./gateway-settings.ts";
import { resolveParameters } from "./parameters-ref.ts";
import {
  condition,
  goodUnless,
  isFinding,
  verdictOf,
  type Finding,
  type GatewayClassStatus,
} from "../io/status.ts";

/** The class that is there without being declared. */
export const defaultClassName = "heddle";

/** Whose Gateways are those of a class: ours, another controller's, or nobody's, since the class is not accepted. */
type Owner = "ours" | "theirs" | "nobody";

/** What is known of a class by its name. */
export interface ClassPlan {
  readonly owner: Owner;
  readonly settings: SettingsSource | null;
}

/** The statuses of our classes go to the collector. */
export function compileGatewayClasses(
  facts: Facts,
  options: CompileOptions,
  collector: Collector,
): ReadonlyMap<string, ClassPlan> {
  const controllerName = options.controllerName ?? defaultControllerName;
  const classes = new Map<string, ClassPlan>([[defaultClassName, { owner: "ours", settings: null }]]);
  for (const gatewayClass of facts.ofKind("GatewayClass")) {
    const { name } = gatewayClass.metadata;
    if (gatewayClass.spec.controllerName !== controllerName) {
      classes.set(name, { owner: "theirs", settings: null });
      continue;
    }
    const parameters = parametersOf(gatewayClass, facts);
    const refused = isFinding(parameters) ? parameters : null;
    classes.set(name, isFinding(parameters) ? nobodys : { owner: "ours", settings: parameters });
    collector.findings(keyOf(gatewayClass), [refused]);
    collector.status(keyOf(gatewayClass), statusOf(gatewayClass, refused));
  }
  return classes;
}

/** The Gateways of our classes. Those of a class that is not there are reported: they look served and are not. */
export function selectGateways(
  gateways: readonly Gateway[],
  classes: ReadonlyMap<string, ClassPlan>,
  collector: Collector,
): Gateway[] {
  return gateways.filter((gateway) => {
    const { gatewayClassName } = gateway.spec;
    const owner = classes.get(gatewayClassName)?.owner;
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

const nobodys: ClassPlan = { owner: "nobody", settings: null };

function parametersOf({ spec }: GatewayClass, facts: Facts): SettingsSource | Finding | null {
  const ref = spec.parametersRef;
  return ref === undefined ? null : resolveParameters(ref, "spec.parametersRef", facts);
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
