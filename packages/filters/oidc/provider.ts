import type { DataRef, FilterContext } from "@heddle/engine/filter";
import type { Configuration, TokenEndpointResponse, TokenEndpointResponseHelpers } from "openid-client";
import type { OidcProvider } from "./config.ts";
import { isLoopbackHost } from "./provider-address.ts";
import { clusterFetch, directFetch, PROVIDER_TIMEOUT_MS } from "./provider-fetch.ts";
import type { ProviderFetch } from "./provider-fetch.ts";
import { personClaims } from "./session.ts";

/** How long a provider's metadata are good. */
const METADATA_TTL_MS = 3_600_000;
/** After a failure nobody asks for so long: a provider that is away is not asked by every login. */
const RETRY_AFTER_MS = 5_000;

/** What a login or a refresh gives. */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly idToken: string;
  /** Milliseconds since the epoch; 0: nobody said. */
  readonly expiresMs: number;
  /** Null where there is no ID token, as after some refreshes. */
  readonly claims: Readonly<Record<string, unknown>> | null;
}

/** The refresh token is good no more: the person has to log in again. */
export const SESSION_OVER = "over";

/**
 * One provider, by openid-client, which is loaded when the first login needs it. Metadata are fetched once for all, and
 * again after an hour; ID tokens are always checked against the provider's keys.
 */
export class Provider {
  readonly config: OidcProvider;
  private readonly context: FilterContext;
  private readonly secret: DataRef | null;
  private readonly fetch: ProviderFetch;
  private current: Promise<Configuration> | null = null;
  private currentVersion = -1;
  private fetchedMs = 0;
  private failedMs = Number.NEGATIVE_INFINITY;

  constructor(config: OidcProvider, context: FilterContext) {
    this.config = config;
    this.context = context;
    this.secret = config.clientSecret === "" ? null : context.data(config.clientSecret);
    this.fetch =
      config.cluster === ""
        ? directFetch(config.issuer)
        : clusterFetch(config.cluster, config.issuer, context);
  }

  /** Where a login begins at the provider. */
  async loginUrl(redirectUri: string, state: string, nonce: string, codeVerifier: string): Promise<URL> {
    const client = await import("openid-client");
    return client.buildAuthorizationUrl(await this.configuration(), {
      ...Object.fromEntries(this.config.parameters),
      redirect_uri: redirectUri,
      response_type: "code",
      scope: this.config.scopes.join(" "),
      state,
      nonce,
      code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: "S256",
    });
  }

  /** Takes the answer to a login: code, state, nonce and `iss` (RFC 9207) are checked. Rejects for whatever is wrong. */
  async redeem(answer: URL, state: string, nonce: string, codeVerifier: string): Promise<Tokens> {
    const client = await import("openid-client");
    const configuration = await this.configuration();
    const tokens = await client.authorizationCodeGrant(configuration, answer, {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: codeVerifier,
      idTokenExpected: true,
    });
    const made = this.tokensOf(tokens);
    if (!this.config.asksUserInfo) return made;
    const subject = made.claims!["sub"] as string;
    const more = await client.fetchUserInfo(configuration, made.accessToken, subject);
    // What the signed token says goes before.
    return { ...made, claims: { ...more, ...made.claims } };
  }

  /** Rejects when the provider does not answer. */
  async refresh(refreshToken: string, subject: string): Promise<Tokens | typeof SESSION_OVER> {
    const client = await import("openid-client");
    const configuration = await this.configuration();
    try {
      const made = this.tokensOf(await client.refreshTokenGrant(configuration, refreshToken));
      // OpenID Connect Core section 12.2.
      const isSame = made.claims === null || made.claims["sub"] === subject;
      return isSame ? { ...made, refreshToken: made.refreshToken || refreshToken } : SESSION_OVER;
    } catch (error) {
      if (error instanceof client.ResponseBodyError && error.status < 500) return SESSION_OVER;
      throw error;
    }
  }

  /** Where the session ends at the provider; null where it has no such place. */
  async logoutUrl(idToken: string, afterwards: string): Promise<URL | null> {
    const client = await import("openid-client");
    const configuration = await this.configuration();
    if (configuration.serverMetadata().end_session_endpoint === undefined) return null;
    return client.buildEndSessionUrl(configuration, {
      post_logout_redirect_uri: afterwards,
      ...(idToken !== "" && { id_token_hint: idToken }),
    });
  }

  /** RFC 7009, where the provider has it. Nobody waits for it, and its failure is nobody's. */
  async revoke(refreshToken: string): Promise<void> {
    const client = await import("openid-client");
    const configuration = await this.configuration();
    if (configuration.serverMetadata().revocation_endpoint === undefined) return;
    await client.tokenRevocation(configuration, refreshToken, { token_type_hint: "refresh_token" });
  }

  private tokensOf(tokens: TokenEndpointResponse & TokenEndpointResponseHelpers): Tokens {
    const seconds = tokens.expiresIn();
    const claims = tokens.claims();
    return {
      accessToken: tokens.access_token,
      refreshToken: tokens.refresh_token ?? "",
      idToken: tokens.id_token ?? "",
      expiresMs: seconds === undefined ? 0 : this.context.clock.wallMs() + seconds * 1000,
      claims: claims === undefined ? null : personClaims(claims),
    };
  }

  /** One question at a time for the metadata, whoever asks; another secret takes another configuration. */
  private configuration(): Promise<Configuration> {
    const now = this.context.clock.now();
    const version = this.secret?.version ?? 0;
    const isFresh = version === this.currentVersion && now - this.fetchedMs < METADATA_TTL_MS;
    if (this.current !== null && isFresh) return this.current;
    if (now - this.failedMs < RETRY_AFTER_MS)
      return Promise.reject(new Error("the provider was not reached just now"));
    this.currentVersion = version;
    this.fetchedMs = now;
    const current = this.discover();
    this.current = current;
    current.catch(() => {
      if (this.current === current) this.current = null;
      this.failedMs = this.context.clock.now();
    });
    return current;
  }

  private async discover(): Promise<Configuration> {
    const client = await import("openid-client");
    const { issuer, clientId, clientAuthentication, clockSkewMs } = this.config;
    const secret = this.secret?.value;
    if (this.secret !== null && (typeof secret !== "string" || secret === ""))
      throw new Error("the client secret is not there");
    const authentication =
      this.secret === null
        ? client.None()
        : clientAuthentication === "basic"
          ? client.ClientSecretBasic(secret as string)
          : client.ClientSecretPost(secret as string);
    const url = new URL(issuer);
    const isPlain = url.protocol === "http:" && isLoopbackHost(url.hostname);
    const metadata = { [client.clockTolerance]: clockSkewMs / 1000 };
    const configuration = await client.discovery(url, clientId, metadata, authentication, {
      [client.customFetch]: this.fetch,
      timeout: PROVIDER_TIMEOUT_MS / 1000,
      execute: [
        ...(isPlain ? [client.allowInsecureRequests] : []),
        // Without it tokens that come from the provider itself are not checked.
        client.enableNonRepudiationChecks,
      ],
    });
    return configuration;
  }
}
