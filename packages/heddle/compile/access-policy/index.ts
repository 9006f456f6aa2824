import { keyOf, type AccessPolicySpec, requestPolicyTargets } from "../../resources/index.ts";
import type { Effective, PolicyKind } from "../attach/index.ts";
import type { RequestFilters, RequestPlace } from "../policy-filters.ts";
import { authenticationMember } from "./authentication.ts";
import { csrfMember } from "./csrf.ts";
import { authorizationMember } from "./authorization.ts";
import { externalAuthorizationMember } from "./external-authorization.ts";
import { joinFilters, type Member } from "./member.ts";
import { requestMember } from "./request.ts";
import { securityHeadersMember } from "./security-headers.ts";

export { remoteKeySets } from "./jwt.ts";
export type { RemoteKeySet } from "./jwt.ts";

type Field = Exclude<keyof AccessPolicySpec, "targetRefs">;

/** The fields of AccessPolicies and what makes filters of each. Stages put the filters in order (`filter-stages.ts`). */
const members: { readonly [F in Field]: Member<F> } = {
  authentication: authenticationMember,
  authorization: authorizationMember,
  externalAuthorization: externalAuthorizationMember,
  csrf: csrfMember,
  securityHeaders: securityHeadersMember,
  request: requestMember,
};

/** Those that let some callers in and others not; the rest is about what requests and answers look like. */
const asking: ReadonlySet<string> = new Set(["authentication", "authorization", "externalAuthorization"]);

const fieldNames = Object.keys(members) as readonly Field[];

/**
 * AccessPolicies: who may call. Each field is taken whole from the most specific policy that has it: what lets somebody
 * in here is said in one place.
 */
export const accessPolicy: PolicyKind<AccessPolicySpec, "AccessPolicy"> = {
  kind: "AccessPolicy",
  targets: requestPolicyTargets,
  fields: Object.fromEntries(fieldNames.map((name) => [name, "request" as const])),
  failure: "closed",
  asksWhoCalls: (spec) => fieldNames.some((field) => asking.has(field) && spec[field] !== undefined),
  findings: (policy, at) => {
    const sources = fieldNames.map((field) => ({ field, value: null, policy: keyOf(policy), target: "" }));
    const { findings = [], warnings = [] } = emitAll({ spec: policy.spec, sources, denial: "" }, at);
    return [...findings, ...warnings];
  },
  emit: { request: emitAll },
};

function emitAll({ spec, sources }: Effective<AccessPolicySpec>, at: RequestPlace): RequestFilters {
  return joinFilters(
    fieldNames.map((field) => {
      const source = sources.find((one) => one.field === field);
      const value = spec[field];
      if (value === undefined || source === undefined) return null;
      return (members[field] as Member<Field>)(value, { ...at, policy: source.policy });
    }),
  );
}
