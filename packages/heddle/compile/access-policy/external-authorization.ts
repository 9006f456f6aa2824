import type { CacheKeyPart, ExternalAuthorizationConfig } from "@heddle/filters";
import type { ExternalAuthorizationSpec } from "../../resources/index.ts";
import { authorityOf, prefixOf } from "../filters/external-auth.ts";
import type { RequestFilters } from "../filters/policy-filters.ts";
import { durationMs } from "../routes/route-settings.ts";
import type { Finding } from "../io/status.ts";
import type { Member } from "./member.ts";

const base = "spec.externalAuthorization";

const lowerCase = (names: readonly string[] = []): readonly string[] =>
  names.map((name) => name.toLowerCase());

/** A service that is asked. Where it does not resolve nobody can be asked, and what is guarded answers an error. */
export const externalAuthorizationMember: Member<"externalAuthorization"> = (spec, at): RequestFilters => {
  const resolved = at.resolve(spec.backendRef, `${base}.backendRef`, at.policy, spec.grpc !== undefined);
  const protocol = protocolOf(spec);
  const findings = [
    ...("finding" in resolved ? [resolved.finding] : []),
    ...("reason" in protocol ? [protocol] : []),
  ];
  if ("finding" in resolved || "reason" in protocol) return { filters: [], findings };
  const config: ExternalAuthorizationConfig = {
    cluster: resolved.cluster,
    protocol,
    timeoutMs: durationMs(spec.timeout),
    failureMode: spec.failureMode,
    statusOnError: spec.statusOnError,
    body:
      spec.body === undefined
        ? null
        : { maxBytes: spec.body.maxBytes, longer: spec.body.longer === "Deny" ? "deny" : "truncate" },
    cache: cacheOf(spec.cache),
  };
  return {
    filters: [{ stage: "external-authorization", spec: { name: "external-authorization", config } }],
    clusters: [resolved.cluster],
  };
};

function protocolOf({
  backendRef,
  http,
  grpc,
}: ExternalAuthorizationSpec): ExternalAuthorizationConfig["protocol"] | Finding {
  if (http === undefined) {
    const { requestHeaders, contextExtensions = {} } = grpc!;
    return {
      kind: "grpc",
      authority: authorityOf(backendRef),
      requestHeaders: requestHeaders === undefined ? null : lowerCase(requestHeaders),
      contextExtensions: Object.entries(contextExtensions),
    };
  }
  const path = prefixOf(http.path, `${base}.http.path`);
  if (typeof path !== "string") return path;
  return {
    kind: "http",
    path: http.appendPath ? path : path || "/",
    isWholePath: !http.appendPath,
    requestHeaders: lowerCase(http.requestHeaders),
    toUpstream: lowerCase(http.upstreamHeaders),
    toClient: lowerCase(http.clientHeaders),
  };
}

function cacheOf(cache: ExternalAuthorizationSpec["cache"]): ExternalAuthorizationConfig["cache"] {
  if (cache === undefined) return null;
  return { key: cache.key.map(keyPart), ttlMs: durationMs(cache.ttl), maxEntries: cache.maxEntries };
}

function keyPart(text: string): CacheKeyPart {
  if (text.startsWith("header:")) return { part: "header", name: text.slice("header:".length).toLowerCase() };
  return { part: text === "clientAddress" ? "client-address" : (text as "path") };
}
