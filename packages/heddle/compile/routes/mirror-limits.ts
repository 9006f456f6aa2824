import type { FilterSpec } from "@heddle/engine/model";
import type { TrafficPolicySpec } from "../../resources/index.ts";
import type { MirrorConfig } from "../filters/filter-specs.ts";

export type MirrorLimits = NonNullable<TrafficPolicySpec["mirror"]>;

/** The filters of a rule, with the bounds that a policy gives its mirrors. */
export function withMirrorLimits(
  filters: readonly FilterSpec[],
  limits: MirrorLimits | undefined,
): readonly FilterSpec[] {
  if (limits === undefined) return filters;
  return filters.map((spec) =>
    spec.name === "mirror" ? { ...spec, config: { ...(spec.config as MirrorConfig), ...limits } } : spec,
  );
}
