/**
 * The resource model: the kinds that configure Heddle, their TypeScript types, schemas with defaults,
 * and validation.
 *
 * A text becomes documents (`parseDocuments`), a document a resource or a list of problems
 * (`validateResource`). Resources have their defaults applied and are in the preferred version of
 * their kind, so whoever reads them needs to know one form only.
 */
export type { Problem } from "./problem.ts";
export { isResourceList, parseDocuments, parseDocumentsInSteps } from "./parse-documents.ts";
export type { ParsedDocument, ParsedFile, ParseProblem, Position } from "./parse-documents.ts";
export { endOfString, parseJson } from "./parse-json.ts";
export { validateResource } from "./validate.ts";
export type { Validated, ValidateOptions } from "./validate.ts";
export { findKind, findKindByPlural, kindNamed, kinds } from "./registry.ts";
export type { KindName, Resource, ResourceByKind, ResourceInput, ServedKind } from "./registry.ts";
export { apiVersionOf } from "./kind.ts";
export type { Kind, KindVersion } from "./kind.ts";
export { keyOf, makeKey, parseKey } from "./key.ts";
export type { KeyParts, ResourceKey } from "./key.ts";
export { nameMismatch } from "./metadata.ts";
export type { NamespacedMeta, ObjectMeta, OwnerReference } from "./metadata.ts";
export type { Condition } from "./gateway-api/condition.ts";
export type { LabelSelector } from "./gateway-api/label-selector.ts";
export { gatewayGroup } from "./gateway-api/parent-reference.ts";
export type { ParentReference } from "./gateway-api/parent-reference.ts";
export type {
  BackendObjectReference,
  BackendRef,
  LocalReference,
  ObjectReference,
  SecretReference,
} from "./gateway-api/reference.ts";
export type { RouteParentStatus, RouteStatus } from "./gateway-api/route.ts";
export type { HTTPHeader, HTTPHeaderFilter, HTTPHeaderMatch } from "./gateway-api/http-header.ts";
export type { HTTPRequestMirrorFilter } from "./gateway-api/request-mirror.ts";
export type { SessionPersistence } from "./gateway-api/session-persistence.ts";
export type { HTTPPathModifier } from "./gateway-api/http-path-modifier.ts";
export type { HTTPCORSFilter } from "./gateway-api/http-cors-filter.ts";
export type { HTTPExternalAuthFilter } from "./gateway-api/http-external-auth-filter.ts";
export type {
  HTTPRequestRedirectFilter,
  HTTPRouteFilter,
  HTTPURLRewriteFilter,
} from "./gateway-api/http-route-filter.ts";
export type { HTTPPathMatch, HTTPQueryParamMatch, HTTPRouteMatch } from "./gateway-api/http-route-match.ts";
export type {
  HTTPBackendRef,
  HTTPRoute,
  HTTPRouteRetry,
  HTTPRouteRule,
  HTTPRouteSpec,
  HTTPRouteTimeouts,
} from "./gateway-api/http-route.ts";
export { parseDurationMs } from "./gateway-api/go-duration.ts";
export type { AllowedRoutes, Listener, ListenerTLSConfig, RouteGroupKind } from "./gateway-api/listener.ts";
export type { ListenerStatus } from "./gateway-api/gateway-status.ts";
export type { GatewaySpecAddress, GatewayStatusAddress } from "./gateway-api/gateway-address.ts";
export type { FrontendTLSValidation, Gateway, GatewaySpec, GatewayStatus } from "./gateway-api/gateway.ts";
export type { Service, ServicePort, ServiceSpec } from "./core/service.ts";
export { serviceNameLabel } from "./core/endpoint-slice.ts";
export type { Endpoint, EndpointPort, EndpointSlice } from "./core/endpoint-slice.ts";
export type { GatewayClass, GatewayClassSpec, GatewayClassStatus } from "./gateway-api/gateway-class.ts";
export type {
  ListenerSet,
  ListenerSetSpec,
  ListenerSetStatus,
  ParentGatewayReference,
} from "./gateway-api/listener-set.ts";
export type { ReferenceGrant, ReferenceGrantFrom, ReferenceGrantTo } from "./gateway-api/reference-grant.ts";
export type {
  BackendTLSPolicy,
  BackendTLSPolicySpec,
  BackendTLSPolicyValidation,
  PolicyStatus,
  PolicyTargetReference,
  SubjectAltName,
} from "./gateway-api/backend-tls-policy.ts";
export type {
  GRPCBackendRef,
  GRPCHeaderMatch,
  GRPCMethodMatch,
  GRPCRoute,
  GRPCRouteFilter,
  GRPCRouteMatch,
  GRPCRouteRule,
  GRPCRouteSpec,
} from "./gateway-api/grpc-route.ts";
export type { TLSRoute, TLSRouteSpec } from "./gateway-api/tls-route.ts";
export type { TCPRoute, TCPRouteSpec } from "./gateway-api/tcp-route.ts";
export type { UDPRoute, UDPRouteSpec } from "./gateway-api/udp-route.ts";
export { tlsSecretType } from "./core/secret.ts";
export type { Secret } from "./core/secret.ts";
export type { ConfigMap } from "./core/config-map.ts";
export type { Namespace } from "./core/namespace.ts";
export type { AcmeIssuer, AcmeIssuerSpec } from "./heddle-dev/acme-issuer.ts";
export { heddleGroup } from "./heddle-dev/backend.ts";
export type {
  Backend,
  BackendEndpoint,
  BackendSpec,
  BackendStatus,
  BackendTLS,
} from "./heddle-dev/backend.ts";
export type { Filter, FilterSpecFields } from "./heddle-dev/filter.ts";
export type { FilterPolicy, FilterPolicySpec } from "./heddle-dev/filter-policy.ts";
export type { GatewaySettings, GatewaySettingsSpec } from "./heddle-dev/gateway-settings.ts";
export type { Canary, CanaryBackendRef } from "./heddle-dev/traffic-policy/canary.ts";
export type { InjectedFaults } from "./heddle-dev/traffic-policy/faults.ts";
export { readStatusRange } from "./heddle-dev/traffic-policy/health-check.ts";
export type { HealthCheck } from "./heddle-dev/traffic-policy/health-check.ts";
export { policyTargetGroups, requestPolicyTargets, rootNamespace } from "./heddle-dev/policy-target.ts";
export type { PolicyTarget, PolicyTargetKind } from "./heddle-dev/policy-target.ts";
export type { BalancingPolicy } from "./heddle-dev/traffic-policy/balancing.ts";
export type { RateLimitPolicy, RateLimitPolicySpec } from "./heddle-dev/rate-limit-policy.ts";
export type { LimitKeyPart } from "./heddle-dev/rate-limit-policy/key.ts";
export type { LimitStoreSpec } from "./heddle-dev/rate-limit-policy/store.ts";
export type { LimitSpec } from "./heddle-dev/rate-limit-policy/limit.ts";
export type { TrafficPolicy, TrafficPolicySpec } from "./heddle-dev/traffic-policy.ts";
export type { AccessPolicy, AccessPolicySpec } from "./heddle-dev/access-policy.ts";
export type { AuthenticationSpec } from "./heddle-dev/access-policy/authentication.ts";
export type { ExternalAuthorizationSpec } from "./heddle-dev/access-policy/external-authorization.ts";
export type { IntrospectionSpec } from "./heddle-dev/access-policy/introspection.ts";
export type { OidcProviderSpec, OidcSpec } from "./heddle-dev/access-policy/oidc.ts";
export { tokenAlgorithms } from "./heddle-dev/access-policy/jwt.ts";
export type { JwtIssuerSpec, JwtSpec, TokenAlgorithm } from "./heddle-dev/access-policy/jwt.ts";
export { parseClaimPath } from "./heddle-dev/claim-path.ts";
export type { ContentPolicy, ContentPolicySpec } from "./heddle-dev/content-policy.ts";
export type { CacheSpec } from "./heddle-dev/content-policy/cache.ts";
export type { CompressionSpec, DecompressionSpec } from "./heddle-dev/content-policy/codings.ts";
export type { JsonSpec } from "./heddle-dev/content-policy/json.ts";
export type { GraphqlSpec } from "./heddle-dev/content-policy/graphql.ts";
export { apiKeysSecretType, parseApiKeyEntry } from "./heddle-dev/api-key-entry.ts";
export type { ApiKeyEntry, ApiKeyEntryFields } from "./heddle-dev/api-key-entry.ts";
export type { ApiKeysSpec } from "./heddle-dev/access-policy/api-keys.ts";
export type { SecretSelection } from "./heddle-dev/secret-selection.ts";
export { weekdays } from "./heddle-dev/access-policy/authorization.ts";
export type { AuthorizationRuleSpec, AuthorizationSpec } from "./heddle-dev/access-policy/authorization.ts";
export { parseSignatureKeyEntry, signatureKeysSecretType } from "./heddle-dev/signature-key-entry.ts";
export type { SignatureAlgorithmName, SignatureKeyEntry } from "./heddle-dev/signature-key-entry.ts";
export type { ClientCertificateSpec } from "./heddle-dev/access-policy/client-certificate.ts";
export type { ErrorPagesSpec } from "./heddle-dev/content-policy/error-pages.ts";
export type { OpenApiSpec } from "./heddle-dev/content-policy/open-api.ts";
export type { StaticResponseSpec } from "./heddle-dev/content-policy/static-response.ts";
export type { RecorderSpec } from "./heddle-dev/content-policy/recorder.ts";
export type { TransformSpec } from "./heddle-dev/content-policy/transform.ts";
export type { TextSourceSpec } from "./heddle-dev/content-policy/text-source.ts";
export { parseTemplate } from "./heddle-dev/template.ts";
export type { ParsedTemplate } from "./heddle-dev/template.ts";
export { parseSignedContent } from "./heddle-dev/signed-content.ts";
export type { HmacSpec } from "./heddle-dev/access-policy/hmac.ts";
