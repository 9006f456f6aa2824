/** Asks a service of the user's own whether a request may pass: by HTTP, or by Envoy's gRPC protocol. */
export { externalAuthorization } from "./filter.ts";
export type {
  CacheKeyPart,
  ExternalAuthorizationConfig,
  ForwardedBody,
  GrpcAuthorizationConfig,
  HttpAuthorizationConfig,
  VerdictCacheConfig,
} from "./config.ts";
