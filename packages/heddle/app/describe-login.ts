import type { OidcConfig } from "../compile/index.ts";

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
