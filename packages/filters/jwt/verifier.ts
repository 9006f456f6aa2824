import { hash } from "node:crypto";
import type { DataRef } from "@heddle/engine/filter";
import { ClaimCheck } from "./claim-check.ts";
import { makeClaimHeaders } from "./claim-headers.ts";
import type { JwtConfig, JwtIssuer, KeySetData } from "./config.ts";
import { KeyRing } from "./key-ring.ts";
import { MAX_TOKEN_CHARS, parseToken } from "./parse-token.ts";
import type { ParsedToken } from "./parse-token.ts";
import { RecentMap } from "./recent-map.ts";
import { RecentTokens } from "./recent-tokens.ts";
import { makeVerdict } from "./verdict.ts";
import type { Verdict } from "./verdict.ts";

/** Tokens that are remembered, and the characters of theirs: their claims take some multiple of it. */
const MAX_KNOWN = 8_192;
const MAX_KNOWN_CHARS = 8_388_608;

const tooLong = makeVerdict("refused", { reason: "the token is too long" });
const unknownIssuer = makeVerdict("foreign", { reason: "the token's issuer is not known" });

/** One issuer with its keys as they are now. */
class IssuerKeys {
  readonly issuer: JwtIssuer;
  readonly claims: ClaimCheck;
  readonly data: DataRef;
  private ring: KeyRing | null = null;
  private builtVersion = -1;

  constructor(issuer: JwtIssuer, data: DataRef) {
    this.issuer = issuer;
    this.claims = new ClaimCheck(issuer);
    this.data = data;
  }

  get version(): number {
    return this.data.version;
  }

  /** Null while there are none. */
  keys(): KeyRing | null {
    const { version, value } = this.data;
    if (version !== this.builtVersion || this.ring === null) {
      this.ring = value === undefined ? null : new KeyRing(value as KeySetData, this.issuer.algorithms);
      this.builtVersion = version;
    }
    return this.ring;
  }
}

/**
 * Judges tokens, and remembers what it found by their digests: good ones while they are valid, bad ones for as long as
 * the keys are the same, and both no longer than the clock says so, each in a room of its own, so that a flood of forged ones pushes out no good one. Good ones that
 * come again and again are found by their text. A key set that changed makes all of its issuer's tokens be judged anew: a
 * key that was withdrawn is not trusted any longer.
 */
export class JwtVerifier {
  private readonly issuers: readonly IssuerKeys[];
  private readonly byIssuer: ReadonlyMap<string, number>;
  private readonly good = new RecentMap<Verdict>(MAX_KNOWN, MAX_KNOWN_CHARS);
  private readonly bad = new RecentMap<Verdict>(MAX_KNOWN);
  private readonly recent = new RecentTokens();
  /** Tokens that were taken apart, known ones not counted. */
  verified = 0;

  /** `refs` are the key sets of the issuers, in their order. */
  constructor({ issuers }: JwtConfig, refs: readonly DataRef[]) {
    this.issuers = issuers.map((issuer, at) => new IssuerKeys(issuer, refs[at]));
    this.byIssuer = new Map(issuers.map(({ issuer }, at) => [issuer, at]));
  }

  judge(token: string, nowMs: number): Verdict {
    if (token.length > MAX_TOKEN_CHARS) return tooLong;
    const recent = this.recent.get(token);
    if (recent !== undefined && this.holds(recent, nowMs)) return recent;
    const digest = hash("sha256", token, "latin1");
    const known = this.good.get(digest) ?? this.bad.get(digest);
    if (known !== undefined && this.holds(known, nowMs)) {
      if (known.outcome === "accepted") this.recent.set(token, known);
      return known;
    }
    const verdict = this.examine(token, nowMs);
    this.remember(digest, token.length, verdict);
    return verdict;
  }

  private holds({ issuer, version, fromMs, untilMs }: Verdict, nowMs: number): boolean {
    return nowMs >= fromMs && nowMs < untilMs && (issuer < 0 || this.issuers[issuer].version === version);
  }

  private remember(digest: string, length: number, verdict: Verdict): void {
    this.good.delete(digest);
    if (verdict.outcome === "accepted") this.good.set(digest, verdict, length);
    else if (verdict.untilMs > 0) this.bad.set(digest, verdict);
  }

  private examine(token: string, nowMs: number): Verdict {
    this.verified++;
    const parsed = parseToken(token);
    // What is no such token may be somebody else's: an opaque one, or a key.
    if (typeof parsed === "string") return makeVerdict("foreign", { reason: parsed });
    const { iss } = parsed.claims;
    const at = typeof iss === "string" ? this.byIssuer.get(iss) : undefined;
    return at === undefined ? unknownIssuer : this.examineOf(at, parsed, nowMs);
  }

  /** What costs least goes first: a signature is looked at only where all else is good. */
  private examineOf(at: number, token: ParsedToken, nowMs: number): Verdict {
    const own = this.issuers[at];
    const { issuer } = own;
    const { algorithm, keyId, type, claims, signingInput, signature } = token;
    const facts = { issuer: at, version: own.version, keyId };
    const refuse = (reason: string) => makeVerdict("refused", { ...facts, reason });
    if (!issuer.algorithms.includes(algorithm)) return refuse("the token's algorithm is not taken");
    const { reason, fromMs, untilMs } = own.claims.check(claims, type, nowMs);
    if (reason !== "") return makeVerdict("refused", { ...facts, reason, fromMs, untilMs });
    const ring = own.keys();
    if (ring === null) return makeVerdict("no-keys", { ...facts, untilMs: 0 });
    const keys = ring.find(algorithm, keyId);
    if (keys.length === 0)
      return issuer.isRemote
        ? makeVerdict("unknown-key", { ...facts, untilMs: 0 })
        : refuse("the token's key is not known");
    if (!keys.some((key) => key.verify(signingInput, signature)))
      return refuse("the token's signature is wrong");
    const subject = typeof claims["sub"] === "string" ? claims["sub"] : "";
    const principal = { subject, issuer: issuer.issuer, method: "jwt", claims: Object.freeze(claims) };
    const headers = makeClaimHeaders(issuer.claimHeaders, claims);
    return makeVerdict("accepted", { ...facts, principal, headers, fromMs, untilMs });
  }
}

/** Verifiers by their first key set that may change, which is one object in all of a worker, and configuration. */
const shared = new WeakMap<object, Map<string, WeakRef<JwtVerifier>>>();
/** Stands for that key set where all keys are in the configuration. */
const inline = {};

/** The verifier of that configuration: rules with the same policy know the same tokens. */
export function sharedVerifier(config: JwtConfig, refs: readonly DataRef[]): JwtVerifier {
  const key = JSON.stringify(config);
  const at = config.issuers.findIndex(({ inlineKeys }) => inlineKeys === undefined);
  const place = at < 0 ? inline : refs[at];
  let known = shared.get(place);
  if (known === undefined) shared.set(place, (known = new Map()));
  const found = known.get(key)?.deref();
  if (found !== undefined) return found;
  for (const [old, ref] of known) if (ref.deref() === undefined) known.delete(old);
  const made = new JwtVerifier(config, refs);
  known.set(key, new WeakRef(made));
  return made;
}
