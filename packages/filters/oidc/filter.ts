import type { Filter, FilterContext, FilterFactory, Reply } from "@heddle/engine/filter";
import { Credentials } from "@heddle/engine/message";
import type { Exchange, Fields, RequestHead, ResponseHead } from "@heddle/engine/message";
import { ClaimHeaders, fillClaimHeaders, makeClaimHeaders } from "../jwt/index.ts";
import { redirectTo, textPage } from "./answers.ts";
import type { OidcConfig } from "./config.ts";
import { CookieJar } from "./cookie-jar.ts";
import { FailureNotes } from "./failure-notes.ts";
import { LOGIN_PART_PREFIX } from "./login-state.ts";
import { Login } from "./login.ts";
import { isNavigation } from "./navigation.ts";
import { isSecureOrigin, originOf } from "./origin.ts";
import { Provider, SESSION_OVER } from "./provider.ts";
import { Refresher } from "./refresher.ts";
import { safeReturnPath } from "./return-path.ts";
import type { Session } from "./session.ts";
import { Sessions } from "./sessions.ts";

/** One for all policies of a worker: tokens are told apart by their digests. */
let refresher: Refresher | null = null;

/**
 * Takes who is logged in from a sealed cookie, without a promise; sends people who are not to their provider, and
 * scripts nowhere: they get 401. Its own pages are below `path`.
 *
 *   own path ──► login, callback, logout
 *   session ──► fresh: accepted │ access token ended: refreshed once, whichever worker ─► accepted, cookie renewed
 *   none ──► a login is offered, and taken up where nothing else authenticates
 */
class Oidc implements Filter {
  readonly name = "oidc";
  private readonly config: OidcConfig;
  private readonly context: FilterContext;
  private readonly slot: number;
  private readonly providers: ReadonlyMap<string, Provider>;
  private readonly sessions: Sessions;
  private readonly failures: FailureNotes;
  private readonly login: Login;
  private readonly challenge: string;
  private readonly claimHeaders: ClaimHeaders;

  constructor(config: OidcConfig, context: FilterContext) {
    this.config = config;
    this.context = context;
    this.slot = context.reserveSlot();
    this.providers = new Map(config.providers.map((one) => [one.name, new Provider(one, context)]));
    this.sessions = new Sessions(config, context);
    this.failures = new FailureNotes(context);
    this.login = new Login(config, context, this.providers, this.sessions, this.failures);
    this.challenge = `OIDC login="${config.path}/login"`;
    this.claimHeaders = new ClaimHeaders(config.providers.flatMap(({ claimHeaders }) => claimHeaders));
    refresher ??= new Refresher(context.clock);
  }

  requestHead(exchange: Exchange): Reply | undefined | Promise<Reply | undefined> {
    const { request } = exchange;
    const { config } = this;
    this.claimHeaders.strip(request.fields, Credentials.of(exchange));
    const jar = new CookieJar(request, config.session.cookieName, isSecureOrigin(config, request));
    if (request.path === config.path || request.path.startsWith(`${config.path}/`))
      return this.answerPage(request, jar);
    const session = this.sessions.read(jar);
    if (session === null) {
      if (jar.hasSession) this.context.count("session-refused");
      this.offerLogin(exchange, jar);
      return undefined;
    }
    if (this.sessions.isStale(session)) return this.renew(session, exchange, jar);
    this.accept(session, exchange);
    return undefined;
  }

  requestTrailers(_exchange: Exchange, trailers: Fields): void {
    this.claimHeaders.stripTrailers(trailers);
  }

  responseHead(exchange: Exchange, head: ResponseHead): void {
    const cookies = exchange.slots![this.slot] as readonly string[] | undefined;
    for (const cookie of cookies ?? []) head.fields.add("set-cookie", cookie);
  }

  private answerPage(request: RequestHead, jar: CookieJar): Reply | Promise<Reply> {
    const rest = request.path.slice(this.config.path.length + 1);
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (rest === "logout" && (isRead || request.method === "POST")) return this.logout(request, jar);
    if (!isRead) return textPage(405, "This page can only be read.");
    const returnPath = safeReturnPath(new URLSearchParams(request.query).get("return_to") ?? "/");
    if (rest === "login") return this.login.choose(request, jar, returnPath);
    const [page, name = ""] = rest.split("/", 2);
    if (page === "login") return this.login.begin(name, request, jar, returnPath);
    if (page === "callback" && this.providers.has(name)) return this.login.finish(name, request, jar);
    return textPage(404, "There is no such page.");
  }

  private offerLogin(exchange: Exchange, jar: CookieJar): void {
    const { request } = exchange;
    const credentials = Credentials.of(exchange);
    credentials.challenge(this.challenge);
    if (!isNavigation(request)) return;
    const returnPath = exchange.originalPath + request.query;
    credentials.offer(() => this.login.choose(request, jar, returnPath));
  }

  private async renew(session: Session, exchange: Exchange, jar: CookieJar): Promise<Reply | undefined> {
    const provider = this.providers.get(session.provider)!;
    if (session.refreshToken === "") {
      // Its own end is the session's where nobody was given the token.
      if (provider.config.forwardsAccessToken) this.offerLogin(exchange, jar);
      else this.accept(session, exchange);
      return undefined;
    }
    try {
      const { refreshToken, subject } = session;
      const fresh = await refresher!.refresh(refreshToken, () => provider.refresh(refreshToken, subject));
      if (fresh === SESSION_OVER) {
        this.context.count("session-over");
        this.offerLogin(exchange, jar);
        return undefined;
      }
      this.context.count("refreshed");
      const renewed: Session = {
        ...session,
        claims: fresh.claims === null ? session.claims : { ...session.claims, ...fresh.claims },
        expiresMs: fresh.expiresMs,
        accessToken: provider.config.forwardsAccessToken ? fresh.accessToken : "",
        refreshToken: fresh.refreshToken,
        idToken: session.idToken !== "" && fresh.idToken !== "" ? fresh.idToken : session.idToken,
      };
      exchange.slots![this.slot] = this.sessions.write(renewed, jar) ?? undefined;
      this.accept(renewed, exchange);
    } catch (error) {
      this.failures.take("refresh-failed", session.provider, error);
      Credentials.of(exchange).reject("the session could not be renewed", this.challenge);
    }
    return undefined;
  }

  private accept(session: Session, exchange: Exchange): void {
    this.context.count("accepted");
    const credentials = Credentials.of(exchange);
    // Who came by another way as well is who that says.
    const isFirst = credentials.principal === null;
    const { subject, issuer, claims, accessToken } = session;
    credentials.accept({ subject, issuer, method: "oidc", claims });
    if (!isFirst) return;
    const { config } = this.providers.get(session.provider)!;
    const { fields } = exchange.request;
    fillClaimHeaders(makeClaimHeaders(config.claimHeaders, claims), fields, credentials);
    if (config.forwardsAccessToken && accessToken !== "")
      fields.set("authorization", `Bearer ${accessToken}`);
  }

  /** Not for other sites to bring about. */
  private async logout(request: RequestHead, jar: CookieJar): Promise<Reply> {
    const site = request.fields.get("sec-fetch-site");
    if (site === "cross-site") return textPage(403, "A logout begins on this site.");
    const session = this.sessions.read(jar);
    const cookies = [...jar.dropSession(), ...jar.partsWith(LOGIN_PART_PREFIX).map((part) => jar.drop(part))];
    const afterwards = this.config.afterLogoutPath;
    if (session === null) return redirectTo(afterwards, cookies);
    this.context.count("logout");
    const provider = this.providers.get(session.provider)!;
    if (session.refreshToken !== "") provider.revoke(session.refreshToken).catch(() => {});
    const there = originOf(this.config, request) + afterwards;
    const url = this.config.endsProviderSession
      ? await provider.logoutUrl(session.idToken, there).catch(() => null)
      : null;
    return redirectTo(url?.href ?? afterwards, cookies);
  }
}

/**
 * Events: `accepted`, `session-refused` (a cookie that is none of ours, or too old), `login-begun`, `login`,
 * `login-refused` (an answer that belongs to no login of this browser), `login-failed` (the provider did not confirm it),
 * `provider-failed`, `no-key`, `session-too-large`, `refreshed`, `refresh-failed`, `session-over`, `logout`.
 */
export const oidc: FilterFactory<OidcConfig> = {
  name: "oidc",
  create: (config, context) => new Oidc(config, context),
};
