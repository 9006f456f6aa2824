import type { Static } from "typebox";
import { objectName } from "../gateway-api/names.ts";
import { defineKind, type ResourceOf } from "../kind.ts";
import { choice, list, optional, struct, withDefault } from "../schema/build.ts";
import { heddleGroup } from "./backend.ts";
import { policyStatusSchema, policyTargetRefs, requestPolicyTargets } from "./policy-target.ts";

/** Where a filter stands among what guards a request, in the direction of the request; responses meet it in reverse. */
const filterPolicyStages = [
  "Outermost",
  "BeforeAuthentication",
  "AfterAuthentication",
  "AfterAuthorization",
  "Innermost",
] as const;

const filterPolicySpecSchema = struct({
  targetRefs: policyTargetRefs(requestPolicyTargets),
  /** In this order within a stage; taken whole from the most specific policy that has it. */
  filters: optional(
    list(
      struct({
        /** A Filter of the policy's namespace. */
        name: objectName,
        stage: withDefault(choice(filterPolicyStages), "AfterAuthorization"),
      }),
      { minItems: 1, maxItems: 16 },
    ),
  ),
});
export type FilterPolicySpec = Static<typeof filterPolicySpecSchema>;

export const filterPolicyKind = defineKind({
  group: heddleGroup,
  version: "v1alpha1",
  kind: "FilterPolicy",
  plural: "filterpolicies",
  namespaced: true,
  isStrict: true,
  fields: { spec: filterPolicySpecSchema, status: optional(policyStatusSchema) },
});
/** Puts filters of the user's own before what it is attached to. */
export type FilterPolicy = ResourceOf<typeof filterPolicyKind>;
