import type { FilterContext } from "@heddle/engine/filter";
import type { OidcConfig } from "./config.ts";
import type { CookieJar } from "./cookie-jar.ts";
import { CookieSealer } from "./cookie-sealer.ts";
import { readSession, writeSession } from "./session.ts";
import { MAX_CLOCK_STEP_MS } from "./login-state.ts";
import type { Session } from "./session.ts";

/** An access token is renewed so long before its end: it has to last until the upstream has read it. */
const EARLY_MS = 10_000;

/** The part of a cookie's name that is sealed with it: chunks are sealed as one. */
const SESSION = "session";

/** Sessions in cookies. */
export class Sessions {
  private readonly config: OidcConfig;
  private readonly context: FilterContext;
  private readonly sealer: CookieSealer;

  constructor(config: OidcConfig, context: FilterContext) {
    this.config = config;
    this.context = context;
    this.sealer = new CookieSealer(context.data(config.session.keys), `session ${config.id}`);
  }

  /** Null where there is none that holds: not ours, too old, or of a provider that is no longer there. */
  read(jar: CookieJar): Session | null {
    const value = jar.getSession();
    const text = value === undefined ? null : this.sealer.open(SESSION, value);
    const session = text === null ? null : readSession(text);
    if (session === null) return null;
    const ageMs = this.context.clock.wallMs() - session.startedMs;
    const { providers } = this.config;
    const isKnown = providers.some(
      ({ name, issuer }) => name === session.provider && issuer === session.issuer,
    );
    const isOfNow = ageMs >= -MAX_CLOCK_STEP_MS && ageMs < this.config.session.maxAgeMs;
    return isKnown && isOfNow ? session : null;
  }

  /** Its access token has ended, or is about to. */
  isStale({ expiresMs }: Session): boolean {
    return expiresMs > 0 && this.context.clock.wallMs() >= expiresMs - EARLY_MS;
  }

  /**
   * Set-Cookie fields. What is too long goes without the ID token, which only a logout needs; null where it is too long
   * all the same, or while there is no key.
   */
  write(session: Session, jar: CookieJar): string[] | null {
    const leftMs = session.startedMs + this.config.session.maxAgeMs - this.context.clock.wallMs();
    for (const one of [session, { ...session, idToken: "" }]) {
      const sealed = this.sealer.seal(SESSION, writeSession(one));
      if (sealed === null) return null;
      const fields = jar.setSession(sealed, leftMs);
      if (fields !== null) return fields;
    }
    return null;
  }
}
