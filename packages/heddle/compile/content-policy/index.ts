import { keyOf, type ContentPolicySpec, requestPolicyTargets } from "../../resources/index.ts";
import type { Effective, PolicyKind } from "../attach/index.ts";
import { joinFilters, type RequestFilters, type RequestPlace } from "../policy-filters.ts";
import { cacheMember } from "./cache.ts";
import { compressionMember, decompressionMember } from "./codings.ts";
import { graphqlMember } from "./graphql.ts";
import { errorPagesMember } from "./error-pages.ts";
import { jsonMember } from "./json.ts";
import type { Member } from "./member.ts";
import { openApiMember } from "./open-api.ts";
import { recorderMember } from "./recorder.ts";
import { staticResponseMember } from "./static-response.ts";
import { transformMember } from "./transform.ts";

type Field = Exclude<keyof ContentPolicySpec, "targetRefs">;

/** The fields of ContentPolicies and what makes filters of each. Those of one stage run in this order. */
const members: { readonly [F in Field]: Member<F> } = {
  errorPages: errorPagesMember,
  staticResponse: staticResponseMember,
  compression: compressionMember,
  // Before what looks at bodies.
  decompression: decompressionMember,
  json: jsonMember,
  graphql: graphqlMember,
  openApi: openApiMember,
  // It records what the others let pass.
  recorder: recorderMember,
  cache: cacheMember,
  transform: transformMember,
};

const fieldNames = Object.keys(members) as readonly Field[];

/** ContentPolicies: what is sent, and what becomes of it. Each field is taken whole from the most specific policy. */
export const contentPolicy: PolicyKind<ContentPolicySpec, "ContentPolicy"> = {
  kind: "ContentPolicy",
  targets: requestPolicyTargets,
  fields: Object.fromEntries(fieldNames.map((name) => [name, "request" as const])),
  failure: "closed",
  findings: (policy, at) => {
    const sources = fieldNames.map((field) => ({ field, value: null, policy: keyOf(policy), target: "" }));
    const { findings = [], warnings = [] } = emitAll({ spec: policy.spec, sources, denial: "" }, at);
    return [...findings, ...warnings];
  },
  emit: { request: emitAll },
};

function emitAll({ spec, sources }: Effective<ContentPolicySpec>, at: RequestPlace): RequestFilters {
  return joinFilters(
    fieldNames.map((field) => {
      const source = sources.find((one) => one.field === field);
      const value = spec[field];
      if (value === undefined || source === undefined) return null;
      return (members[field] as Member<Field>)(value, { ...at, policy: source.policy });
    }),
  );
}
export { CACHE_PURGES } from "./cache.ts";
