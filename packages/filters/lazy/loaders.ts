import type { FilterFactory } from "@heddle/engine/filter";

/** A registry forgets which configuration belongs to which factory: compile pairs them by name. */
export type FilterLoaders = Readonly<Record<string, () => Promise<FilterFactory<never>>>>;

/** Of all filters that come with Heddle. */
export const builtinLoaders: FilterLoaders = {
  "header-modifier": async () => (await import("../header/index.ts")).headerModifier,
  redirect: async () => (await import("../redirect/index.ts")).redirect,
  rewrite: async () => (await import("../rewrite/index.ts")).rewrite,
  mirror: async () => (await import("../mirror/index.ts")).mirror,
  cors: async () => (await import("../cors/index.ts")).cors,
  faults: async () => (await import("../faults/index.ts")).faults,
  denial: async () => (await import("../denial/index.ts")).denial,
  "external-authorization": async () =>
    (await import("../external-authorization/index.ts")).externalAuthorization,
  jwt: async () => (await import("../jwt/index.ts")).jwt,
  introspection: async () => (await import("../introspection/index.ts")).introspection,
  oidc: async () => (await import("../oidc/index.ts")).oidc,
  "api-key": async () => (await import("../api-key/index.ts")).apiKey,
  basic: async () => (await import("../basic/index.ts")).basic,
  "client-certificate": async () => (await import("../client-certificate/index.ts")).clientCertificate,
  "http-signatures": async () => (await import("../http-signatures/index.ts")).httpSignatures,
  hmac: async () => (await import("../hmac/index.ts")).hmac,
  csrf: async () => (await import("../csrf/index.ts")).csrf,
  "security-headers": async () => (await import("../security-headers/index.ts")).securityHeaders,
  "request-limits": async () => (await import("../request-limits/index.ts")).requestLimits,
  authentication: async () => (await import("../authentication/index.ts")).authentication,
  authorization: async () => (await import("../authorization/index.ts")).authorization,
  "rate-limit": async () => (await import("../rate-limit/index.ts")).rateLimit,
  cache: async () => (await import("../cache/index.ts")).cache,
  compression: async () => (await import("../compression/index.ts")).compression,
  decompression: async () => (await import("../decompression/index.ts")).decompression,
  "response-decompression": async () => (await import("../decompression/index.ts")).responseDecompression,
  "json-limits": async () => (await import("../json-limits/index.ts")).jsonLimits,
  graphql: async () => (await import("../graphql/index.ts")).graphql,
  own: async () => (await import("../own/index.ts")).own,
  openapi: async () => (await import("../openapi/index.ts")).openApi,
  "error-pages": async () => (await import("../error-pages/index.ts")).errorPages,
  "static-response": async () => (await import("../static-response/index.ts")).staticResponse,
  transform: async () => (await import("../transform/index.ts")).transform,
  recorder: async () => (await import("../recorder/index.ts")).recorder,
};
