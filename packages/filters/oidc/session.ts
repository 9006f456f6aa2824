/** Who is logged in, as it is in the cookie. */
export interface Session {
  /** Name of the provider. */
  readonly provider: string;
  readonly issuer: string;
  readonly subject: string;
  readonly claims: Readonly<Record<string, unknown>>;
  /** Milliseconds since the epoch. */
  readonly startedMs: number;
  /** When the access token ends; 0: nobody said. */
  readonly expiresMs: number;
  /** "" where they are not kept. */
  readonly accessToken: string;
  readonly refreshToken: string;
  /** For the provider, when the session ends there. */
  readonly idToken: string;
}

/** Claims about the login rather than the person: nobody behind here has a use for them. */
const protocolClaims: ReadonlySet<string> = new Set(["nonce", "at_hash", "c_hash", "s_hash"]);

export function personClaims(claims: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !protocolClaims.has(name)));
}

export const writeSession = (session: Session): string => JSON.stringify(session);

/** Null for what is no session: sealed by us, so only another version wrote it otherwise. */
export function readSession(text: string): Session | null {
  try {
    const value = JSON.parse(text) as Partial<Session> | null;
    if (typeof value !== "object" || value === null) return null;
    const { provider, issuer, subject, claims, startedMs, expiresMs } = value;
    const isWhole =
      [provider, issuer, subject, value.accessToken, value.refreshToken, value.idToken].every(isText) &&
      [startedMs, expiresMs].every(Number.isFinite) &&
      typeof claims === "object" &&
      claims !== null;
    return isWhole ? (value as Session) : null;
  } catch {
    return null;
  }
}

const isText = (value: unknown): boolean => typeof value === "string";
