/**
 * The policies that come with Heddle, one folder each, written against the engine's filter contract and nothing
 * else. `builtinFilters` has them all, `lazy` those that a configuration uses; each folder's README.md is its manual.
 */
import type { FilterFactory, FilterRegistry } from "@heddle/engine/filter";
import { apiKey } from "./api-key/index.ts";
import { authentication } from "./authentication/index.ts";
import { authorization } from "./authorization/index.ts";
import { basic } from "./basic/index.ts";
import { cache } from "./cache/index.ts";
import { compression } from "./compression/index.ts";
import { clientCertificate } from "./client-certificate/index.ts";
import { cors } from "./cors/index.ts";
import { decompression, responseDecompression } from "./decompression/index.ts";
import { csrf } from "./csrf/index.ts";
import { denial } from "./denial/index.ts";
import { errorPages } from "./error-pages/index.ts";
import { externalAuthorization } from "./external-authorization/index.ts";
import { faults } from "./faults/index.ts";
import { graphql } from "./graphql/index.ts";
import { headerModifier } from "./header/index.ts";
import { introspection } from "./introspection/index.ts";
import { jsonLimits } from "./json-limits/index.ts";
import { hmac } from "./hmac/index.ts";
import { httpSignatures } from "./http-signatures/index.ts";
import { jwt } from "./jwt/index.ts";
import { mirror } from "./mirror/index.ts";
import { openApi } from "./openapi/index.ts";
import { rateLimit } from "./rate-limit/index.ts";
import { own } from "./own/index.ts";
import { oidc } from "./oidc/index.ts";
import { recorder } from "./recorder/index.ts";
import { redirect } from "./redirect/index.ts";
import { requestLimits } from "./request-limits/index.ts";
import { rewrite } from "./rewrite/index.ts";
import { securityHeaders } from "./security-headers/index.ts";
import { staticResponse } from "./static-response/index.ts";
import { transform } from "./transform/index.ts";

export {
  apiKey,
  authentication,
  authorization,
  basic,
  cache,
  clientCertificate,
  compression,
  cors,
  decompression,
  responseDecompression,
  csrf,
  denial,
  errorPages,
  externalAuthorization,
  faults,
  graphql,
  headerModifier,
  hmac,
  httpSignatures,
  introspection,
  jsonLimits,
  jwt,
  mirror,
  oidc,
  openApi,
  rateLimit,
  own,
  recorder,
  redirect,
  requestLimits,
  rewrite,
  securityHeaders,
  staticResponse,
  transform,
};
export { makeApiKey, visiblePartOf } from "./api-key/index.ts";
export type { ApiKeyConfig, ApiKeyRecord, ApiKeyTable } from "./api-key/index.ts";
export type { AuthenticationConfig } from "./authentication/index.ts";
export type {
  AuthorizationConfig,
  AuthorizationRule,
  ConditionConfig,
  TextCondition,
  TextMatch,
  TimeWindow,
} from "./authorization/index.ts";
export type { CacheConfig, Purge } from "./cache/index.ts";
export type { ClaimPath } from "./claim-path/index.ts";
export type { CompressionConfig } from "./compression/index.ts";
export type { CredentialSource } from "./credential-source/index.ts";
export type { CorsConfig, CorsOrigin } from "./cors/index.ts";
export type { DecompressionConfig } from "./decompression/index.ts";
export type { BasicConfig, BasicUsers } from "./basic/index.ts";
export type { CertificateMatch, ClientCertificateConfig } from "./client-certificate/index.ts";
export type { HmacConfig, HmacSecrets } from "./hmac/index.ts";
export type {
  HttpSignaturesConfig,
  SignatureAlgorithm,
  SignatureKey,
  SignatureKeyTable,
} from "./http-signatures/index.ts";
export type { CsrfConfig } from "./csrf/index.ts";
export type { DenialConfig } from "./denial/index.ts";
export type { ErrorPage, ErrorPagesConfig, PageFormat } from "./error-pages/index.ts";
export type { CacheKeyPart, ExternalAuthorizationConfig } from "./external-authorization/index.ts";
export type { FaultsConfig } from "./faults/index.ts";
export type { GraphqlConfig } from "./graphql/index.ts";
export type { HeaderModifierConfig, HeaderValue } from "./header/index.ts";
export type {
  ClaimHeader,
  JwtConfig,
  JwtIssuer,
  KeyData,
  KeySetData,
  RequiredClaim,
  TokenPlace,
} from "./jwt/index.ts";
export type { IntrospectionConfig } from "./introspection/index.ts";
export type { JsonLimitsConfig } from "./json-limits/index.ts";
export type { MirrorConfig } from "./mirror/index.ts";
export { filterCodePrefix } from "./own/index.ts";
export type { FilterCode, OwnFilterConfig } from "./own/index.ts";
export type { OidcClaimHeader, OidcConfig, OidcProvider } from "./oidc/index.ts";
export type * from "./openapi/index.ts";
export type { PathChange } from "./path-change/index.ts";
export type {
  KeyPart,
  LimitConfig,
  LimitStore,
  MeterConfig,
  OpenLimitStore,
  RateLimitConfig,
  StoreAnswer,
  StoreConfig,
  StoreCredentials,
  StoreQuestion,
} from "./rate-limit/index.ts";
export type { RecorderConfig } from "./recorder/index.ts";
export type { RedirectConfig } from "./redirect/index.ts";
export type { MediaRange, RequestLimitsConfig } from "./request-limits/index.ts";
export type { SecurityHeader, SecurityHeadersConfig } from "./security-headers/index.ts";
export type { RewriteConfig } from "./rewrite/index.ts";
export type { StaticAnswer, StaticPath, StaticResponseConfig } from "./static-response/index.ts";
export type { Template, TemplateValue } from "./template/index.ts";
export type * from "./transform/index.ts";

/** A registry forgets which configuration belongs to which factory: compile pairs them by name. */
function registryOf(factories: readonly FilterFactory<never>[]): FilterRegistry {
  return new Map(factories.map((factory) => [factory.name, factory as FilterFactory]));
}

export const builtinFilters: FilterRegistry = registryOf([
  headerModifier,
  redirect,
  rewrite,
  mirror,
  cors,
  faults,
  denial,
  externalAuthorization,
  jwt,
  introspection,
  oidc,
  apiKey,
  basic,
  clientCertificate,
  httpSignatures,
  hmac,
  csrf,
  securityHeaders,
  requestLimits,
  authentication,
  authorization,
  rateLimit,
  cache,
  compression,
  decompression,
  responseDecompression,
  jsonLimits,
  graphql,
  own,
  openApi,
  errorPages,
  staticResponse,
  transform,
  recorder,
]);
