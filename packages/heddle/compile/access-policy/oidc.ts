import type { OidcConfig, OidcProvider } from "@heddle/filters";
import { parseClaimPath, parseKey, type OidcProviderSpec, type OidcSpec } from "../../resources/index.ts";
import type { RequestFilters } from "../filters/policy-filters.ts";
import { durationMs } from "../routes/route-settings.ts";
import { cookieKeys, secretText } from "../credentials/secret-entries.ts";
import type { Finding } from "../io/status.ts";
import type { Member, MemberPlace } from "./member.ts";

const base = "spec.authentication.oidc";

interface PlannedProvider {
  readonly provider: OidcProvider;
  readonly data: readonly string[];
  readonly clusters: readonly string[];
  readonly findings: readonly Finding[];
}

/** Login of browsers. */
export const oidcMember: Member<"authentication"> = ({ oidc }, at): RequestFilters | null => {
  if (oidc === undefined) return null;
  const { namespace } = parseKey(at.policy);
  const keys = cookieKeys(oidc.session.keysRef, namespace, `${base}.session.keysRef`, at.facts);
  const planned = oidc.providers.map((provider, index) =>
    planProvider(provider, `${base}.providers[${index}]`, at),
  );
  const config = configOf(
    oidc,
    at.policy,
    planned.map(({ provider }) => provider),
    keys.unit,
  );
  return {
    filters: [{ stage: "authentication", spec: { name: "oidc", config } }],
    data: [keys.unit, ...planned.flatMap(({ data }) => data)],
    clusters: planned.flatMap(({ clusters }) => clusters),
    findings: [...keys.findings, ...planned.flatMap(({ findings }) => findings)],
  };
};

function configOf(
  { path, origin = "", session, logout }: OidcSpec,
  id: string,
  providers: readonly OidcProvider[],
  keys: string,
): OidcConfig {
  return {
    id,
    providers,
    path,
    origin,
    session: { cookieName: session.cookieName, maxAgeMs: durationMs(session.maxAge), keys },
    afterLogoutPath: logout.returnPath,
    endsProviderSession: logout.atProvider,
  };
}

function planProvider(spec: OidcProviderSpec, path: string, at: MemberPlace): PlannedProvider {
  const { namespace } = parseKey(at.policy);
  const secret =
    spec.clientSecretRef === undefined
      ? null
      : secretText(spec.clientSecretRef, namespace, `${path}.clientSecretRef`, at.facts);
  const resolved =
    spec.backendRef === undefined ? null : at.resolve(spec.backendRef, `${path}.backendRef`, at.policy);
  const cluster = resolved !== null && "cluster" in resolved ? resolved.cluster : "";
  return {
    provider: providerOf(spec, secret?.unit ?? "", cluster),
    data: secret === null ? [] : [secret.unit],
    clusters: cluster === "" ? [] : [cluster],
    findings: [
      ...(secret?.findings ?? []),
      ...(resolved !== null && "finding" in resolved ? [resolved.finding] : []),
    ],
  };
}

function providerOf(spec: OidcProviderSpec, clientSecret: string, cluster: string): OidcProvider {
  return {
    name: spec.name,
    issuer: spec.issuer,
    clientId: spec.clientId,
    clientSecret,
    clientAuthentication: spec.clientAuthentication === "Basic" ? "basic" : "post",
    scopes: [...new Set(["openid", ...spec.scopes])],
    parameters: (spec.parameters ?? []).map(({ name, value }) => [name, value] as const),
    cluster,
    clockSkewMs: durationMs(spec.clockSkew),
    asksUserInfo: spec.userInfo,
    claimHeaders: (spec.claimHeaders ?? []).map(({ claim, header }) => ({
      claim: parseClaimPath(claim)!,
      header: header.toLowerCase(),
    })),
    forwardsAccessToken: spec.forwardAccessToken,
  };
}
