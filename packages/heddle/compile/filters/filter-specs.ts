import type {
  ApiKeyConfig,
  AuthenticationConfig,
  AuthorizationConfig,
  CacheConfig,
  CompressionConfig,
  BasicConfig,
  ClientCertificateConfig,
  CorsConfig,
  CsrfConfig,
  DecompressionConfig,
  DenialConfig,
  ErrorPagesConfig,
  ExternalAuthorizationConfig,
  FaultsConfig,
  GraphqlConfig,
  HeaderModifierConfig,
  IntrospectionConfig,
  JsonLimitsConfig,
  JwtConfig,
  MirrorConfig,
  OidcConfig,
  OpenApiConfig,
  RateLimitConfig,
  OwnFilterConfig,
  RecorderConfig,
  RedirectConfig,
  HmacConfig,
  HttpSignaturesConfig,
  RequestLimitsConfig,
  RewriteConfig,
  SecurityHeadersConfig,
  StaticResponseConfig,
  TransformConfig,
} from "@heddle/filters";

export type {
  CacheKeyPart,
  AuthenticationConfig,
  AuthorizationConfig,
  ConditionConfig,
  CacheConfig,
  CompressionConfig,
  CorsConfig,
  CorsOrigin,
  DecompressionConfig,
  DenialConfig,
  ErrorPagesConfig,
  ExternalAuthorizationConfig,
  FaultsConfig,
  GraphqlConfig,
  HeaderModifierConfig,
  HeaderValue,
  IntrospectionConfig,
  JsonLimitsConfig,
  JwtConfig,
  MirrorConfig,
  OwnFilterConfig,
  OidcConfig,
  OpenApiConfig,
  PathChange,
  RateLimitConfig,
  RecorderConfig,
  RedirectConfig,
  RewriteConfig,
  StaticResponseConfig,
  TransformConfig,
} from "@heddle/filters";

/**
 * What compile configures each filter with, by the filter's name. All of it is checked: names are tokens in lower case,
 * values are field values, ports are 1–65535. Secrets are in data units, never here: this is explained and hashed with
 * routes.
 */
interface FilterConfigs {
  "header-modifier": HeaderModifierConfig;
  redirect: RedirectConfig;
  rewrite: RewriteConfig;
  mirror: MirrorConfig;
  cors: CorsConfig;
  faults: FaultsConfig;
  denial: DenialConfig;
  "rate-limit": RateLimitConfig;
  "external-authorization": ExternalAuthorizationConfig;
  jwt: JwtConfig;
  introspection: IntrospectionConfig;
  oidc: OidcConfig;
  "api-key": ApiKeyConfig;
  basic: BasicConfig;
  "client-certificate": ClientCertificateConfig;
  "http-signatures": HttpSignaturesConfig;
  hmac: HmacConfig;
  csrf: CsrfConfig;
  "security-headers": SecurityHeadersConfig;
  "request-limits": RequestLimitsConfig;
  authentication: AuthenticationConfig;
  authorization: AuthorizationConfig;
  cache: CacheConfig;
  compression: CompressionConfig;
  decompression: DecompressionConfig;
  "response-decompression": DecompressionConfig;
  "json-limits": JsonLimitsConfig;
  graphql: GraphqlConfig;
  own: OwnFilterConfig;
  openapi: OpenApiConfig;
  "error-pages": ErrorPagesConfig;
  "static-response": StaticResponseConfig;
  transform: TransformConfig;
  recorder: RecorderConfig;
}

/** One filter as the data plane builds it: the factory's name and its configuration. */
export type GatewayFilterSpec = {
  [N in keyof FilterConfigs]: {
    readonly name: N;
    readonly config: FilterConfigs[N];
    readonly countsAs?: string;
  };
}[keyof FilterConfigs];
