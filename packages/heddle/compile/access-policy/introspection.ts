import type { IntrospectionConfig } from "@heddle/filters";
import { parseClaimPath, parseKey, type IntrospectionSpec } from "../../resources/index.ts";
import { authorityOf } from "../filters/external-auth.ts";
import type { RequestFilters } from "../filters/policy-filters.ts";
import { durationMs } from "../routes/route-settings.ts";
import { secretText } from "../credentials/secret-entries.ts";
import type { Member } from "./member.ts";

const base = "spec.authentication.introspection";

/** Opaque bearer tokens. */
export const introspectionMember: Member<"authentication"> = (
  { introspection: spec },
  at,
): RequestFilters | null => {
  if (spec === undefined) return null;
  const { namespace } = parseKey(at.policy);
  const secret = secretText(spec.clientSecretRef, namespace, `${base}.clientSecretRef`, at.facts);
  const resolved = at.resolve(spec.backendRef, `${base}.backendRef`, at.policy);
  if ("finding" in resolved) return { filters: [], findings: [...secret.findings, resolved.finding] };
  const config = configOf(spec, resolved.cluster, secret.unit);
  return {
    filters: [{ stage: "authentication", spec: { name: "introspection", config } }],
    data: [secret.unit],
    clusters: [resolved.cluster],
    findings: secret.findings,
  };
};

function configOf(spec: IntrospectionSpec, cluster: string, clientSecret: string): IntrospectionConfig {
  return {
    cluster,
    authority: spec.host?.toLowerCase() ?? authorityOf(spec.backendRef),
    path: spec.path,
    clientId: spec.clientId,
    clientSecret,
    clientAuthentication: spec.clientAuthentication === "Basic" ? "basic" : "post",
    timeoutMs: durationMs(spec.timeout),
    issuer: spec.issuer,
    audiences: spec.audiences ?? [],
    cacheTtlMs: durationMs(spec.cache.ttl),
    negativeTtlMs: durationMs(spec.cache.negativeTtl),
    maxEntries: spec.cache.maxEntries,
    claimHeaders: (spec.claimHeaders ?? []).map(({ claim, header }) => ({
      claim: parseClaimPath(claim)!,
      header: header.toLowerCase(),
    })),
    forwards: spec.forward,
  };
}
