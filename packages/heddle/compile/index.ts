/**
 * Compile: resources in, the units of a Snapshot and the statuses of the resources out. It is a pure function: what
 * is wrong with a resource becomes conditions on its status and a problem for `heddle check`, and the others keep
 * working.
 *
 *   resources ─ Facts ─┬─ gateway-class, gateway ── listener and secret units
 *                      ├─ http-route ── route units          each result is kept in the CompileMemo with what it read
 *                      └─ clusters ── cluster and endpoints units, for what routes name
 *
 * Its rooms, of which each reads only those before it, and what lies in the open: attach (how policies of every kind
 * attach), credentials (what Secrets hold for filters), backends, gateways (with their listeners and certificates),
 * routes. Each policy whose fields make filters has a folder of its own; openapi reads documents. In the open are the
 * pieces that several rooms share, and what puts them together (`compile.ts`, `policy-kinds.ts`).
 */
export { compile, compileInSlices } from "./compile.ts";
export { CompileMemo } from "./pass/memo.ts";
export { noOwnFilters } from "./io/own-filter-io.ts";
export type { OwnFilterCode, OwnFilterState, OwnFilterStates } from "./io/own-filter-io.ts";
export { hashUnit } from "./pass/hash-unit.ts";
export type {
  CompileInput,
  CompileOptions,
  CompileOutput,
  ControlAddress,
  HashedUnit,
  RejectedResource,
} from "./io/compile-io.ts";
export { noAcmeStates } from "./io/acme-io.ts";
export type {
  AcmeCertificateState,
  AcmeChallengeType,
  AcmeIssuedCertificate,
  AcmeIssuerPlan,
  AcmeIssuerState,
  AcmeKeyType,
  AcmeRequest,
  AcmeStates,
} from "./io/acme-io.ts";
export type { CanaryAnalysis, CanaryPlan, CanaryStep } from "./io/canary-io.ts";
export type { PolicySource } from "./policies/policy-source.ts";
export type { CompileProblem } from "./io/compile-problem.ts";
export { parseListenerId } from "./values/listener-id.ts";
export { parseAddressPool } from "./gateways/address-pool.ts";
export type { AddressPool } from "./gateways/address-pool.ts";
export { intersectHostname } from "./values/hostnames.ts";
export { addressRange, normalAddress } from "./values/ip-address.ts";
export { endpointMistake } from "./backends/endpoint-guard.ts";
export { supportedFeatures } from "./features.ts";
export type {
  ConditionsStatus,
  GatewayClassStatus,
  GatewayStatus,
  ListenerSetStatus,
  ListenerStatus,
  PolicyStatus,
  RouteParentStatus,
  RouteStatus,
  Status,
  StatusCondition,
} from "./io/status.ts";
export { MAX_KEY_SET_BYTES, noKeysMistake, readAnyKeySet, readKeySet } from "./credentials/key-set.ts";
export type { KeySetReading } from "./credentials/key-set.ts";
export { StatusTable } from "./pass/status-table.ts";
export type { StatusOf } from "./pass/status-table.ts";
export { remoteKeySets } from "./access-policy/index.ts";
export type { RemoteKeySet } from "./access-policy/index.ts";
export { keySetOfSource } from "./credentials/key-set-names.ts";
export type { KeySource } from "./credentials/key-set-names.ts";
export type {
  CacheKeyPart,
  AuthenticationConfig,
  AuthorizationConfig,
  ConditionConfig,
  CacheConfig,
  CompressionConfig,
  CorsConfig,
  DecompressionConfig,
  ExternalAuthorizationConfig,
  FaultsConfig,
  CorsOrigin,
  GatewayFilterSpec,
  GraphqlConfig,
  HeaderModifierConfig,
  HeaderValue,
  JsonLimitsConfig,
  ErrorPagesConfig,
  OpenApiConfig,
  StaticResponseConfig,
  TransformConfig,
  JwtConfig,
  IntrospectionConfig,
  MirrorConfig,
  OidcConfig,
  RateLimitConfig,
  OwnFilterConfig,
  PathChange,
  RecorderConfig,
  RedirectConfig,
  RewriteConfig,
} from "./filters/filter-specs.ts";
export { CACHE_PURGES } from "./content-policy/index.ts";
export { readApi } from "./openapi/index.ts";
