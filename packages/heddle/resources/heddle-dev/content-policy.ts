import type { Static } from "typebox";
import { defineKind, type ResourceOf } from "../kind.ts";
import { optional, struct } from "../schema/build.ts";
import { heddleGroup } from "./backend.ts";
import { cacheSchema } from "./content-policy/cache.ts";
import {
  compressionSchema,
  decompressionSchema,
  responseDecompressionSchema,
} from "./content-policy/codings.ts";
import { graphqlSchema } from "./content-policy/graphql.ts";
import { errorPagesSchema } from "./content-policy/error-pages.ts";
import { jsonSchema } from "./content-policy/json.ts";
import { openApiSchema } from "./content-policy/open-api.ts";
import { recorderSchema } from "./content-policy/recorder.ts";
import { staticResponseSchema } from "./content-policy/static-response.ts";
import { transformSchema } from "./content-policy/transform.ts";
import { policyStatusSchema, policyTargetRefs, requestPolicyTargets } from "./policy-target.ts";

/** Each field is taken whole from the most specific policy that has it. */
const contentPolicySpecSchema = struct({
  targetRefs: policyTargetRefs(requestPolicyTargets),
  /** Of responses, for clients that take it. */
  compression: optional(compressionSchema),
  /** Of request bodies, for whatever looks at them. */
  decompression: optional(decompressionSchema),
  /** Of responses, likewise. */
  responseDecompression: optional(responseDecompressionSchema),
  /** Bounds for the JSON of requests. */
  json: optional(jsonSchema),
  /** Bounds for operations of GraphQL. */
  graphql: optional(graphqlSchema),
  /** Requests and responses are held against an OpenAPI document. */
  openApi: optional(openApiSchema),
  /** Answers without a backend. */
  staticResponse: optional(staticResponseSchema),
  /** Pages in place of errors. */
  errorPages: optional(errorPagesSchema),
  /** Responses are stored and answered again (RFC 9111). */
  cache: optional(cacheSchema),
  /** Requests and responses are changed on their way. */
  transform: optional(transformSchema),
  /** Copies of what passes go to a recorder. */
  recorder: optional(recorderSchema),
});
export type ContentPolicySpec = Static<typeof contentPolicySpecSchema>;

export const contentPolicyKind = defineKind({
  group: heddleGroup,
  version: "v1alpha1",
  kind: "ContentPolicy",
  plural: "contentpolicies",
  namespaced: true,
  isStrict: true,
  fields: { spec: contentPolicySpecSchema, status: optional(policyStatusSchema) },
});
/** What is sent, and what becomes of it on its way: by routes and Gateways, and to Services and Backends of its namespace. */
export type ContentPolicy = ResourceOf<typeof contentPolicyKind>;
