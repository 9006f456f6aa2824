import { randomBytes } from "node:crypto";
import type { FilterContext, Reply } from "@heddle/engine/filter";
import type { RequestHead } from "@heddle/engine/message";
import { ExpiringMap } from "../expiring-map/index.ts";
import { choicePage, redirectTo, textPage } from "./answers.ts";
import type { OidcConfig } from "./config.ts";
import type { CookieJar } from "./cookie-jar.ts";
import { CookieSealer } from "./cookie-sealer.ts";
import type { FailureNotes } from "./failure-notes.ts";
import { LOGIN_PART_PREFIX, LOGIN_TTL_MS, loginPart, MAX_LOGINS, readLoginState } from "./login-state.ts";
import type { LoginState } from "./login-state.ts";
import { originOf } from "./origin.ts";
import type { Provider, Tokens } from "./provider.ts";
import { safeReturnPath } from "./return-path.ts";
import type { Session } from "./session.ts";
import type { Sessions } from "./sessions.ts";

const MAX_USED_STATES = 8_192;

const secret = (): string => randomBytes(32).toString("base64url");

/**
 * Logins, from the first redirect to the session:
 *
 *   begin ─► cookie: state, nonce, verifier, where to go afterwards ─► provider ─► callback with code and state
 *                     └────────── same browser, same provider, within ten minutes, once ──────────┘
 *
 * The cookie is found by the state's digest and opens for this policy alone, so an answer counts only in the browser that
 * asked (RFC 9700 section 4.7) and only for the provider that it was sent to (section 4.4).
 */
export class Login {
  private readonly config: OidcConfig;
  private readonly context: FilterContext;
  private readonly providers: ReadonlyMap<string, Provider>;
  private readonly sessions: Sessions;
  private readonly failures: FailureNotes;
  private readonly sealer: CookieSealer;
  /** States that were answered, in this worker; the provider takes a code once in any case. */
  private readonly used = new ExpiringMap<true>(MAX_USED_STATES);

  constructor(
    config: OidcConfig,
    context: FilterContext,
    providers: ReadonlyMap<string, Provider>,
    sessions: Sessions,
    failures: FailureNotes,
  ) {
    this.config = config;
    this.context = context;
    this.providers = providers;
    this.sessions = sessions;
    this.failures = failures;
    this.sealer = new CookieSealer(context.data(config.session.keys), `login ${config.id}`);
  }

  /** Where there are several providers the person chooses one. */
  choose(request: RequestHead, jar: CookieJar, returnPath: string): Reply | Promise<Reply> {
    const names = [...this.providers.keys()];
    if (names.length === 1) return this.begin(names[0]!, request, jar, returnPath);
    const query = `?return_to=${encodeURIComponent(returnPath)}`;
    return choicePage(names.map((name) => [name, `${this.config.path}/login/${name}${query}`]));
  }

  async begin(name: string, request: RequestHead, jar: CookieJar, returnPath: string): Promise<Reply> {
    const provider = this.providers.get(name);
    if (provider === undefined) return textPage(404, "There is no such login.");
    const login: LoginState = {
      provider: name,
      state: secret(),
      nonce: secret(),
      codeVerifier: secret(),
      returnPath: safeReturnPath(returnPath),
      startedMs: this.context.clock.wallMs(),
    };
    const part = loginPart(login.state);
    const sealed = this.sealer.seal(part, JSON.stringify(login));
    if (sealed === null) return this.failed("no-key", 503, "Logging in is not possible at the moment.");
    try {
      const redirectUri = this.redirectUri(name, request);
      const url = await provider.loginUrl(redirectUri, login.state, login.nonce, login.codeVerifier);
      this.context.count("login-begun");
      return redirectTo(url.href, [
        jar.set(part, sealed, LOGIN_TTL_MS),
        ...jar.dropSession(),
        ...tooMany(jar),
      ]);
    } catch (error) {
      this.failures.take("provider-failed", name, error);
      return textPage(503, "Logging in is not possible at the moment.");
    }
  }

  /** The provider's answer. */
  async finish(name: string, request: RequestHead, jar: CookieJar): Promise<Reply> {
    const login = this.takeLogin(name, request, jar);
    if (login === null)
      return this.failed(
        "login-refused",
        400,
        "This login has ended, or was begun in another browser. Please begin again.",
      );
    const part = loginPart(login.state);
    const answer = new URL(this.redirectUri(name, request) + request.query);
    let tokens: Tokens;
    try {
      tokens = await this.providers.get(name)!.redeem(answer, login.state, login.nonce, login.codeVerifier);
    } catch (error) {
      this.failures.take("login-failed", name, error);
      return textPage(403, "The provider did not confirm this login.", [jar.drop(part)]);
    }
    const cookies = this.sessions.write(this.sessionOf(name, tokens), jar);
    if (cookies === null)
      return this.failed("session-too-large", 500, "This login cannot be kept.", [jar.drop(part)]);
    this.context.count("login");
    return redirectTo(safeReturnPath(login.returnPath), [...cookies, jar.drop(part)]);
  }

  /** The login that an answer belongs to, once. */
  private takeLogin(name: string, request: RequestHead, jar: CookieJar): LoginState | null {
    const states = new URLSearchParams(request.query).getAll("state");
    const state = states[0];
    if (states.length !== 1 || state === undefined || state === "") return null;
    const part = loginPart(state);
    const value = jar.get(part);
    const text = value === undefined ? null : this.sealer.open(part, value);
    const login = text === null ? null : readLoginState(text, this.context.clock.wallMs());
    if (login === null || login.state !== state || login.provider !== name) return null;
    const now = this.context.clock.now();
    if (this.used.get(part, now) !== undefined) return null;
    this.used.set(part, true, now + LOGIN_TTL_MS);
    return login;
  }

  private sessionOf(name: string, tokens: Tokens): Session {
    const { config } = this.providers.get(name)!;
    return {
      provider: name,
      issuer: config.issuer,
      subject: String(tokens.claims!["sub"]),
      claims: tokens.claims!,
      startedMs: this.context.clock.wallMs(),
      expiresMs: tokens.expiresMs,
      accessToken: config.forwardsAccessToken ? tokens.accessToken : "",
      refreshToken: tokens.refreshToken,
      idToken: this.config.endsProviderSession ? tokens.idToken : "",
    };
  }

  /** One for each provider: an answer of another is not taken for its own (RFC 9700 section 4.4.2.2). */
  private redirectUri(name: string, request: RequestHead): string {
    return `${originOf(this.config, request)}${this.config.path}/callback/${name}`;
  }

  private failed(event: string, status: number, text: string, cookies: readonly string[] = []): Reply {
    this.context.count(event);
    return textPage(status, text, cookies);
  }
}

/** Logins that were left alone must not fill the browser's requests. */
function tooMany(jar: CookieJar): string[] {
  const parts = jar.partsWith(LOGIN_PART_PREFIX);
  return parts.length < MAX_LOGINS ? [] : parts.map((part) => jar.drop(part));
}
