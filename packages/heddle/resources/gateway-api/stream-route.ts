import { list, optional, struct } from "../schema/build.ts";
import { sectionName } from "./names.ts";
import { backendRefSchema } from "./reference.ts";
import { ruleNameUnique } from "./route.ts";

/** The rules of TCPRoute, TLSRoute and UDPRoute, which only have backends to choose from. */

const streamRuleSchema = struct({
  backendRefs: list(backendRefSchema, { minItems: 1, maxItems: 16 }),
  name: optional(sectionName),
});

export const oneStreamRule = list(streamRuleSchema, { minItems: 1, maxItems: 1 });

/** Up to v1alpha2 a route could have several rules. */
export const manyStreamRules = list(streamRuleSchema, { minItems: 1, maxItems: 16, rules: [ruleNameUnique] });
