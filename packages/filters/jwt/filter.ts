import type { DataRef, Filter, FilterContext, FilterFactory } from "@heddle/engine/filter";
import { Credentials } from "@heddle/engine/message";
import type { Exchange, Fields } from "@heddle/engine/message";
import { ClaimHeaders, fillClaimHeaders } from "./claim-headers.ts";
import type { JwtConfig, JwtIssuer, TokenPlace } from "./config.ts";
import { KeyWait } from "./key-wait.ts";
import { rememberRemoved, removedToken } from "./removed-tokens.ts";
import { placeKey, TokenReader } from "./token-reader.ts";
import type { Verdict } from "./verdict.ts";
import { sharedVerifier } from "./verifier.ts";
import type { JwtVerifier } from "./verifier.ts";

/** RFC 6750 section 3. */
const challenge = 'Bearer realm="heddle"';

/**
 * Takes JSON Web Tokens of some issuers. A token is judged at once and without a promise; only one whose key is not
 * known may wait for it.
 */
class Jwt implements Filter {
  readonly name = "jwt";
  private readonly issuers: readonly JwtIssuer[];
  private readonly context: FilterContext;
  private readonly reader: TokenReader;
  /** Which of the reader's places each issuer takes tokens from. */
  private readonly placesOf: readonly ReadonlySet<number>[];
  private readonly verifier: JwtVerifier;
  private readonly waits: readonly KeyWait[];
  private readonly claimHeaders: ClaimHeaders;

  constructor({ issuers }: JwtConfig, context: FilterContext) {
    this.issuers = issuers;
    this.context = context;
    const places = distinctPlaces(issuers);
    this.reader = new TokenReader([...places.values()]);
    const keys = [...places.keys()];
    this.placesOf = issuers.map(({ from }) => new Set(from.map((place) => keys.indexOf(placeKey(place)))));
    const refs = issuers.map(({ keySet, inlineKeys }) =>
      inlineKeys === undefined ? context.data(keySet) : { value: inlineKeys, version: 1 },
    );
    this.verifier = sharedVerifier({ issuers }, refs);
    this.waits = issuers.map((issuer, at) => this.waitOf(issuer, refs[at]));
    this.claimHeaders = new ClaimHeaders(issuers.flatMap(({ claimHeaders }) => claimHeaders));
  }

  private waitOf({ keySet }: JwtIssuer, data: DataRef): KeyWait {
    const { context } = this;
    return new KeyWait(data, context.clock, () => context.notify("key-set", keySet));
  }

  requestHead(exchange: Exchange): Promise<void> | undefined {
    const { request } = exchange;
    const credentials = Credentials.of(exchange);
    // First: what a client sends under these names is no claim of anybody's.
    this.claimHeaders.strip(request.fields, credentials);
    const { reader } = this;
    const count = reader.read(request);
    if (count > 1) this.reject(credentials, "invalid_request", "there is more than one token");
    if (count === 1) return this.judge(reader.token, reader.place, exchange, credentials);
    return count === 0 ? this.judgeRemoved(exchange, credentials) : undefined;
  }

  requestTrailers(_exchange: Exchange, trailers: Fields): void {
    this.claimHeaders.stripTrailers(trailers);
  }

  /** A policy before this one, of the Gateway say, may have taken the token out for the backend's sake. */
  private judgeRemoved(exchange: Exchange, credentials: Credentials): Promise<void> | undefined {
    const removed = removedToken(exchange);
    const place = removed === undefined ? -1 : this.reader.indexOf(removed.placeKey);
    if (place >= 0) return this.judge(removed!.token, place, exchange, credentials);
    credentials.challenge(challenge);
    return undefined;
  }

  private judge(
    token: string,
    place: number,
    exchange: Exchange,
    credentials: Credentials,
  ): Promise<void> | undefined {
    const verdict = this.verifier.judge(token, this.context.clock.wallMs());
    const wait = verdict.outcome === "unknown-key" ? this.waitFor(verdict, place, exchange) : null;
    if (wait !== null) return this.settleLater(wait, exchange, credentials, token, place);
    this.settle(verdict, exchange, credentials, token, place);
    return undefined;
  }

  private waitFor({ issuer, keyId }: Verdict, place: number, exchange: Exchange): Promise<boolean> | null {
    return this.placesOf[issuer].has(place) ? this.waits[issuer].waitFor(keyId, exchange) : null;
  }

  private async settleLater(
    wait: Promise<boolean>,
    exchange: Exchange,
    credentials: Credentials,
    token: string,
    place: number,
  ): Promise<void> {
    await wait;
    const verdict = this.verifier.judge(token, this.context.clock.wallMs());
    this.settle(verdict, exchange, credentials, token, place);
  }

  private settle(
    verdict: Verdict,
    exchange: Exchange,
    credentials: Credentials,
    token: string,
    place: number,
  ): void {
    const { outcome, issuer } = verdict;
    if (outcome === "foreign" || (issuer >= 0 && !this.placesOf[issuer].has(place))) {
      this.context.count("unclaimed");
      credentials.challenge(challengeOf("invalid_token", verdict.reason));
      credentials.unclaimed();
    } else if (outcome === "accepted") {
      credentials.accept(verdict.principal!);
      this.passOn(verdict, exchange, credentials, token, place);
    } else {
      this.reject(credentials, "invalid_token", reasons[outcome] ?? verdict.reason);
    }
  }

  private passOn(
    { headers, issuer }: Verdict,
    exchange: Exchange,
    credentials: Credentials,
    token: string,
    place: number,
  ): void {
    const { request } = exchange;
    this.context.count("accepted");
    fillClaimHeaders(headers, request.fields, credentials);
    if (this.issuers[issuer].forwards) return;
    rememberRemoved(exchange, this.reader.places[place], token);
    this.reader.remove(request, place);
  }

  private reject(credentials: Credentials, error: string, reason: string): void {
    this.context.count("rejected");
    credentials.reject(reason, challengeOf(error, reason));
  }
}

/** The descriptions hold nothing of the token. */
function challengeOf(error: string, reason: string): string {
  return `${challenge}, error="${error}"${reason === "" ? "" : `, error_description="${reason}"`}`;
}

/** Of outcomes that have none of their own. */
const reasons: Partial<Record<Verdict["outcome"], string>> = {
  "unknown-key": "the token's key is not known",
  "no-keys": "the keys of the token's issuer are not there",
};

function distinctPlaces(issuers: readonly JwtIssuer[]): ReadonlyMap<string, TokenPlace> {
  return new Map(issuers.flatMap(({ from }) => from.map((place) => [placeKey(place), place] as const)));
}

export const jwt: FilterFactory<JwtConfig> = {
  name: "jwt",
  create: (config, context) => new Jwt(config, context),
};
