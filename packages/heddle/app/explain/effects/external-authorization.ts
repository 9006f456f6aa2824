import type { CacheKeyPart, ExternalAuthorizationConfig } from "../../../compile/index.ts";

/** Whom a request is asked for, and what becomes of it without an answer. */
export function externalAuthorizationEffect(config: ExternalAuthorizationConfig): string {
  const { cluster, protocol, timeoutMs, failureMode, statusOnError, body, cache } = config;
  const how = protocol.kind === "grpc" ? "by gRPC (Envoy's ext_authz)" : "by HTTP";
  const all = [
    `asks ${cluster} ${how} whether the request may pass`,
    ...(body === null ? [] : [`with up to ${body.maxBytes} bytes of its body`]),
    ...(cache === null ? [] : [`keeps verdicts ${cache.ttlMs} ms by ${cache.key.map(cachePart).join(", ")}`]),
    failureMode === "Deny"
      ? `without an answer within ${timeoutMs} ms it is refused with ${statusOnError}`
      : `without an answer within ${timeoutMs} ms it passes`,
  ];
  return all.join("; ");
}

const cachePart = (key: CacheKeyPart): string => (key.part === "header" ? `header ${key.name}` : key.part);
