import type { AccessPolicySpec } from "../../resources/index.ts";
import type { PolicyKind } from "../attach/index.ts";
import { fieldPolicy } from "../policies/field-policy.ts";
import { authenticationMember } from "./authentication.ts";
import { authorizationFilters } from "./authorization.ts";
import { csrfMember } from "./csrf.ts";
import { externalAuthorizationMember } from "./external-authorization.ts";
import { requestMember } from "./request.ts";
import { securityHeadersMember } from "./security-headers.ts";

export { remoteKeySets } from "./jwt.ts";
export type { RemoteKeySet } from "./jwt.ts";

/** Those that let some callers in and others not; the rest is about what requests and answers look like. */
const asking = ["authentication", "authorization", "externalAuthorization"] as const;

/**
 * AccessPolicies: who may call. Each field is taken whole from the most specific policy that has it: what lets somebody
 * in here is said in one place. Rules of `authorization` that deny hold wherever they are attached: who may write routes
 * does not lift what a Gateway forbids.
 */
export const accessPolicy: PolicyKind<AccessPolicySpec, "AccessPolicy"> = {
  ...fieldPolicy<AccessPolicySpec, "AccessPolicy", "authorization">(
    "AccessPolicy",
    {
      authentication: authenticationMember,
      externalAuthorization: externalAuthorizationMember,
      csrf: csrfMember,
      securityHeaders: securityHeadersMember,
      request: requestMember,
    },
    { authorization: authorizationFilters },
  ),
  askedAgain: ["authorization"],
  asksWhoCalls: (spec) => asking.some((field) => spec[field] !== undefined),
};
