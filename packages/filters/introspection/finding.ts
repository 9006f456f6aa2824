import type { Principal } from "@heddle/engine/message";
import { makeClaimHeaders } from "../jwt/index.ts";
import type { IntrospectionConfig } from "./config.ts";

/** What the authorization server said of a token. Plain data, so that it can be kept. */
export type TokenFinding = ActiveToken | RefusedToken;

export interface ActiveToken {
  readonly isActive: true;
  readonly principal: Principal;
  readonly headers: readonly (readonly [string, string])[];
  /** Milliseconds since the epoch; Infinity where nobody said. */
  readonly expiresMs: number;
}

export interface RefusedToken {
  readonly isActive: false;
  /** In a few words, with nothing of the token. */
  readonly reason: string;
}

const refused = (reason: string): RefusedToken => ({ isActive: false, reason });

/**
 * Reads an introspection response (RFC 7662 section 2.2); null for what is none: then nobody knows. An active token needs
 * somebody that it speaks for, a time that is not over, and this audience where some are asked for.
 */
export function readFinding(body: string, config: IntrospectionConfig, nowMs: number): TokenFinding | null {
  const claims = parseObject(body);
  if (claims === null || typeof claims["active"] !== "boolean") return null;
  if (!claims["active"]) return refused("the token is not active");
  const { exp, nbf, aud, iss } = claims;
  const times = [exp, nbf].filter((time) => time !== undefined && time !== null);
  if (times.some((time) => typeof time !== "number" || !Number.isFinite(time))) return null;
  const expiresMs = typeof exp === "number" ? exp * 1000 : Number.POSITIVE_INFINITY;
  if (expiresMs <= nowMs) return refused("the token has expired");
  if (typeof nbf === "number" && nbf * 1000 > nowMs) return refused("the token is not valid yet");
  if (!hasAudience(aud, config.audiences)) return refused("the token is for another audience");
  const subject = [claims["sub"], claims["username"], claims["client_id"]].find(
    (one) => typeof one === "string" && one !== "",
  ) as string | undefined;
  if (subject === undefined) return refused("the token speaks for nobody");
  const { active: _, ...rest } = claims;
  const issuer = typeof iss === "string" ? iss : config.issuer;
  const principal = { subject, issuer, method: "introspection", claims: rest };
  return { isActive: true, principal, headers: makeClaimHeaders(config.claimHeaders, rest), expiresMs };
}

function hasAudience(aud: unknown, wanted: readonly string[]): boolean {
  if (wanted.length === 0) return true;
  const all = Array.isArray(aud) ? aud : [aud];
  return all.some((one) => typeof one === "string" && wanted.includes(one));
}

/** Null for what is no object, and for one with a name that is none of a claim. */
function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
    return Object.hasOwn(value, "__proto__") ? null : (value as Record<string, unknown>);
  } catch {
    return null;
  }
}
