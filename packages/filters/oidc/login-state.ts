import { createHash } from "node:crypto";

/** A login under way, as it is in a cookie of the browser that began it. */
export interface LoginState {
  readonly provider: string;
  readonly state: string;
  readonly nonce: string;
  /** RFC 7636. */
  readonly codeVerifier: string;
  readonly returnPath: string;
  /** Milliseconds since the epoch. */
  readonly startedMs: number;
}

/** How long a person may take. */
export const LOGIN_TTL_MS = 600_000;

/**
 * How far clocks of several machines may be apart, and be set back: what begins later than that has not begun, and
 * nobody knows how long ago it was.
 */
export const MAX_CLOCK_STEP_MS = 300_000;

/** Logins of one browser that may be under way: tabs that were opened at once. */
export const MAX_LOGINS = 6;

/** The part of the cookie's name for a state: the cookie is found by the answer, and only its browser has it. */
export function loginPart(state: string): string {
  return `login-${createHash("sha256").update(state).digest("base64url").slice(0, 16)}`;
}

export const LOGIN_PART_PREFIX = "login-";

/** Null for what is none, or too old. */
export function readLoginState(text: string, nowMs: number): LoginState | null {
  try {
    const value = JSON.parse(text) as LoginState | null;
    if (typeof value !== "object" || value === null) return null;
    const texts = [value.provider, value.state, value.nonce, value.codeVerifier, value.returnPath];
    const isWhole = texts.every((one) => typeof one === "string" && one !== "");
    const ageMs = nowMs - value.startedMs;
    return isWhole && ageMs >= -MAX_CLOCK_STEP_MS && ageMs <= LOGIN_TTL_MS ? value : null;
  } catch {
    return null;
  }
}
