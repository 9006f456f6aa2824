/** Login of browsers at OpenID providers: authorization code with PKCE, and a sealed session cookie. */
export { oidc } from "./filter.ts";
export type { OidcClaimHeader, OidcConfig, OidcProvider, SessionConfig } from "./config.ts";
export type { LoginFailure, LoginTrouble } from "./failure-notes.ts";
