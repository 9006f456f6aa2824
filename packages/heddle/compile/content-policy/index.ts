import type { ContentPolicySpec } from "../../resources/index.ts";
import type { PolicyKind } from "../attach/index.ts";
import { fieldPolicy } from "../policies/field-policy.ts";
import { cacheMember } from "./cache.ts";
import { compressionMember, decompressionMember, responseDecompressionMember } from "./codings.ts";
import { graphqlMember } from "./graphql.ts";
import { errorPagesMember } from "./error-pages.ts";
import { jsonMember } from "./json.ts";
import { openApiMember } from "./open-api.ts";
import { recorderMember } from "./recorder.ts";
import { staticResponseMember } from "./static-response.ts";
import { transformMember } from "./transform.ts";

/** ContentPolicies: what is sent, and what becomes of it. */
export const contentPolicy: PolicyKind<ContentPolicySpec, "ContentPolicy"> = fieldPolicy(
  "ContentPolicy",
  {
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
    responseDecompression: responseDecompressionMember,
  },
  {},
);

export { CACHE_PURGES } from "./cache.ts";
