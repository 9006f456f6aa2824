import type { Static } from "typebox";
import { defineKind, type ResourceOf } from "../kind.ts";
import { optional, struct } from "../schema/build.ts";
import { authenticationSchema } from "./access-policy/authentication.ts";
import { csrfSchema } from "./access-policy/csrf.ts";
import { authorizationSchema } from "./access-policy/authorization.ts";
import { externalAuthorizationSchema } from "./access-policy/external-authorization.ts";
import { requestSchema } from "./access-policy/request.ts";
import { securityHeadersSchema } from "./access-policy/security-headers.ts";
import { heddleGroup } from "./backend.ts";
import { policyStatusSchema, policyTargetRefs, requestPolicyTargets } from "./policy-target.ts";

const accessPolicySpecSchema = struct({
  targetRefs: policyTargetRefs(requestPolicyTargets),
  /** Who calls; taken whole from the most specific policy that has it. */
  authentication: optional(authenticationSchema),
  /** What may be done, and by whom; rules that deny hold from every place, those that allow from the most specific. */
  authorization: optional(authorizationSchema),
  /** A service of one's own that is asked as well. */
  externalAuthorization: optional(externalAuthorizationSchema),
  /** Refuses requests with an effect that pages of other sites have browsers send. */
  csrf: optional(csrfSchema),
  /** By which browsers protect a site's users; without more a sound set. */
  securityHeaders: optional(securityHeadersSchema),
  /** What requests may carry. */
  request: optional(requestSchema),
});
export type AccessPolicySpec = Static<typeof accessPolicySpecSchema>;

export const accessPolicyKind = defineKind({
  group: heddleGroup,
  version: "v1alpha1",
  kind: "AccessPolicy",
  plural: "accesspolicies",
  namespaced: true,
  isStrict: true,
  fields: { spec: accessPolicySpecSchema, status: optional(policyStatusSchema) },
});
/** Who may call: by routes and Gateways, and to Services and Backends of its namespace. */
export type AccessPolicy = ResourceOf<typeof accessPolicyKind>;
