import type { IntrospectionConfig, OidcConfig } from "../../../compile/index.ts";

/** Whose logins count, and where. */
export function oidcEffect({ providers, path, session }: OidcConfig): string {
  const all = providers.map(({ name, issuer, claimHeaders, forwardsAccessToken }) =>
    [
      `${name} (${issuer})`,
      ...claimHeaders.map(({ header, claim }) => `sets ${header} from ${claim.join(".")}`),
      ...(forwardsAccessToken ? ["sets authorization to the access token"] : []),
    ].join(", "),
  );
  return `takes who is logged in at ${all.join("; or ")} from cookie ${session.cookieName}; its pages are below ${path}`;
}

/** Whose word opaque tokens are taken by. */
export function introspectionEffect(config: IntrospectionConfig): string {
  const { cluster, path, audiences, claimHeaders, cacheTtlMs, forwards } = config;
  const all = [
    `asks ${cluster} at ${path} about bearer tokens that no other way takes`,
    ...(audiences.length === 0 ? [] : [`for ${audiences.join(" or ")}`]),
    `keeps what it says up to ${cacheTtlMs} ms`,
    ...claimHeaders.map(({ header, claim }) => `sets ${header} from ${claim.join(".")}`),
    ...(forwards ? [] : ["removes them"]),
  ];
  return all.join(", ");
}
