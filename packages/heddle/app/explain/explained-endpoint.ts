import { selectMembers } from "@heddle/engine/cluster";
import { endpointName, type BalancingSpec, type EndpointSpec } from "@heddle/engine/model";

/** An endpoint that a request may go to. */
export interface ExplainedEndpoint {
  /** "10.0.0.1:80" */
  readonly name: string;
  readonly weight: number;
  /** 0 is used first. */
  readonly priority: number;
  /** "" where it is not known. */
  readonly zone: string;
}

/** The endpoints that balancing chooses among: without weight, or outside of its subset or strict zone, there are none. */
export function explainEndpoints(
  specs: readonly EndpointSpec[],
  balancing: BalancingSpec,
): readonly ExplainedEndpoint[] {
  return selectMembers(specs, balancing).map((spec) => ({
    name: endpointName(spec),
    weight: spec.weight,
    priority: spec.priority ?? 0,
    zone: spec.zone,
  }));
}

/** `10.0.0.1:80, weight 3, priority 1, zone eu-1a`; what is as usual is not said. */
export function describeEndpoint({ name, weight, priority, zone }: ExplainedEndpoint): string {
  return [
    name,
    ...(weight === 1 ? [] : [`weight ${weight}`]),
    ...(priority === 0 ? [] : [`priority ${priority}`]),
    ...(zone === "" ? [] : [`zone ${zone}`]),
  ].join(", ");
}
