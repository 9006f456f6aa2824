import { claimAt, claimHasOneOf } from "../claim-path/index.ts";
import type { ClaimPath } from "../claim-path/index.ts";
import type { JwtIssuer } from "./config.ts";

/** What is said of a token's claims, and when that holds: clocks go on, and are set. */
export interface ClaimVerdict {
  /** "" where it is good; else in a few words, for the client. */
  readonly reason: string;
  /** Milliseconds since the epoch, from the first until before the second. */
  readonly fromMs: number;
  readonly untilMs: number;
}

/** The last second of the year 9999: what is later is no time. */
const LAST_SECOND = 253_402_300_799;

/** Checks the claims of one issuer's tokens (RFC 7519 section 4.1) but `iss`, which says which issuer that is. */
export class ClaimCheck {
  private readonly issuer: JwtIssuer;
  private readonly audiences: ReadonlySet<string>;
  private readonly required: readonly { readonly claim: ClaimPath; readonly values: ReadonlySet<string> }[];

  constructor(issuer: JwtIssuer) {
    this.issuer = issuer;
    this.audiences = new Set(issuer.audiences);
    this.required = issuer.requiredClaims.map(({ claim, values }) => ({ claim, values: new Set(values) }));
  }

  check(claims: Readonly<Record<string, unknown>>, type: string, nowMs: number): ClaimVerdict {
    const { exp, nbf, iat, sub, aud } = claims;
    const { types, clockSkewMs } = this.issuer;
    if (!types.includes(type)) return refused("the token is of another type");
    // A token that never ends cannot be taken back.
    if (!isTime(exp)) return refused("the token has no expiry");
    if (!isOptionalTime(nbf) || !isOptionalTime(iat)) return refused("the token has a time that is none");
    if (sub !== undefined && typeof sub !== "string") return refused("the token has no proper subject");
    const fromMs = nbf === undefined ? Number.NEGATIVE_INFINITY : nbf * 1000 - clockSkewMs;
    const untilMs = exp * 1000 + clockSkewMs;
    if (nowMs >= untilMs) return refused("the token has expired", untilMs);
    if (nowMs < fromMs) return refused("the token is not valid yet", Number.NEGATIVE_INFINITY, fromMs);
    if (!this.isAudience(aud)) return refused("the token is for another audience");
    if (!this.hasRequired(claims)) return refused("the token lacks a required claim");
    return { reason: "", fromMs, untilMs };
  }

  private isAudience(aud: unknown): boolean {
    const { audiences } = this;
    if (audiences.size === 0) return true;
    if (typeof aud === "string") return audiences.has(aud);
    return Array.isArray(aud) && aud.some((one) => typeof one === "string" && audiences.has(one));
  }

  private hasRequired(claims: Readonly<Record<string, unknown>>): boolean {
    for (const { claim, values } of this.required) {
      const value = claimAt(claims, claim);
      if (value === undefined || value === null) return false;
      if (values.size > 0 && !claimHasOneOf(value, values)) return false;
    }
    return true;
  }
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= LAST_SECOND;
}

function isOptionalTime(value: unknown): value is number | undefined {
  return value === undefined || isTime(value);
}

function refused(
  reason: string,
  fromMs: number = Number.NEGATIVE_INFINITY,
  untilMs: number = Number.POSITIVE_INFINITY,
): ClaimVerdict {
  return { reason, fromMs, untilMs };
}
