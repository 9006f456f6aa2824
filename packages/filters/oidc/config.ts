/** Logs browsers in at OpenID providers, and keeps who they are in a sealed cookie. */
export interface OidcConfig {
  /** Whose cookies these are: what was sealed for one opens for no other. */
  readonly id: string;
  /** Never empty; the first is where who must log in is sent, where there is one alone. */
  readonly providers: readonly OidcProvider[];
  /** Its own pages are below: PATH/login, PATH/callback/PROVIDER, PATH/logout. No slash at its end. */
  readonly path: string;
  /** Where browsers see this: "https://shop.example"; "" for the request's own scheme and authority. */
  readonly origin: string;
  readonly session: SessionConfig;
  /** Where a logout ends. */
  readonly afterLogoutPath: string;
  /** A logout ends the session at the provider too, where it can (OpenID Connect RP-Initiated Logout). */
  readonly endsProviderSession: boolean;
}

export interface SessionConfig {
  /** Of the cookie; over https it has `__Host-` before it. */
  readonly cookieName: string;
  /** From the login on, whatever is refreshed. */
  readonly maxAgeMs: number;
  /** Name of the data unit with the keys, as `string[]` of 32 octets in base64: the first seals, all open. */
  readonly keys: string;
}

export interface OidcProvider {
  /** In paths, logs and the principal: a DNS label. */
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  /** Name of the data unit with the secret, as text; "" for a public client. */
  readonly clientSecret: string;
  readonly clientAuthentication: "basic" | "post";
  /** With "openid". */
  readonly scopes: readonly string[];
  /** More parameters of the authorization request. */
  readonly parameters: readonly (readonly [string, string])[];
  /** By which the provider is reached; "" for a connection of its own. */
  readonly cluster: string;
  readonly clockSkewMs: number;
  /** Claims are asked for at the UserInfo endpoint too. */
  readonly asksUserInfo: boolean;
  readonly claimHeaders: readonly OidcClaimHeader[];
  /** The access token goes on in Authorization. */
  readonly forwardsAccessToken: boolean;
}

export interface OidcClaimHeader {
  /** The names on the way to it. */
  readonly claim: readonly string[];
  /** Lower-case. */
  readonly header: string;
}
