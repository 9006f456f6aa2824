import { claimAt, claimHasOneOf } from "../claim-path/index.ts";
import type { ClaimPath } from "../claim-path/index.ts";
import type { JwtIssuer } from "./config.ts";

/** Until when a token is good, or why it is not. */
export interface ClaimVerdict {
  /** Milliseconds since the epoch; 0 where it is not good. */
  readonly untilMs: number;
  /** "" where it is good; else in a few words, for the client. */
  readonly reason: string;
  /** It may become good without changing. */
  readonly isEarly: boolean;
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
    const untilMs = exp * 1000 + clockSkewMs;
    if (nowMs >= untilMs) return refused("the token has expired");
    if (nbf !== undefined && nowMs < nbf * 1000 - clockSkewMs) return early;
    if (!this.isAudience(aud)) return refused("the token is for another audience");
    if (!this.hasRequired(claims)) return refused("the token lacks a required claim");
    return { untilMs, reason: "", isEarly: false };
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

const early: ClaimVerdict = { untilMs: 0, reason: "the token is not valid yet", isEarly: true };

function refused(reason: string): ClaimVerdict {
  return { untilMs: 0, reason, isEarly: false };
}
