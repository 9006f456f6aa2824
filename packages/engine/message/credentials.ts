import type { Principal } from "./principal.ts";

/** An answer that leads to a login, as filters reply with it. */
export interface LoginAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string | Uint8Array;
}

/** Begins a login when it is called, and not before: that costs a state, and perhaps a question to the provider. */
export type OfferedLogin = () => LoginAnswer | Promise<LoginAnswer>;

/**
 * What the authenticators of one list of filters made of a request. They never answer by themselves: each says here
 * what it found, and the filter `authentication` at their end answers for all of them, or lets the request go on.
 *
 *   nothing of mine there          challenge("Bearer realm=…")     I would take one
 *   there, and good                accept(principal)               the first accepted one counts
 *   there, and bad or ambiguous    reject(reason, "Bearer …")      nothing else makes up for it
 *   there, and not mine            unclaimed()                     another has to claim it
 */
export class Credentials {
  /** Who the first that accepted says it is. */
  principal: Principal | null = null;
  /** Of the first that rejected, in a few words without anything of the credential; "" when none did. */
  rejection = "";
  isUnclaimed = false;
  /** Values of WWW-Authenticate (RFC 9110 section 11.6.1), in the order of the authenticators. */
  readonly challenges: string[] = [];
  /** Headers that authenticators made of claims, by name and value: whoever comes behind leaves those names alone. */
  claimFields: readonly (readonly [string, string])[] = [];
  /** What a person without any credential gets in place of a 401; null: nobody offers a login. */
  login: OfferedLogin | null = null;

  /** Those of the exchange, made by the first who asks. */
  static of(exchange: { credentials: Credentials | null }): Credentials {
    return (exchange.credentials ??= new Credentials());
  }

  accept(principal: Principal): void {
    this.principal ??= principal;
  }

  /** `challenge` "": there is nothing to be said in WWW-Authenticate. */
  reject(reason: string, challenge: string): void {
    if (this.rejection === "") this.rejection = reason;
    this.challenge(challenge);
  }

  challenge(text: string): void {
    if (text !== "" && !this.challenges.includes(text)) this.challenges.push(text);
  }

  /** Says that these headers are of claims now. */
  filled(fields: readonly (readonly [string, string])[]): void {
    this.claimFields = this.claimFields.length === 0 ? fields : [...this.claimFields, ...fields];
  }

  /** The first offer counts. */
  offer(login: OfferedLogin): void {
    this.login ??= login;
  }

  unclaimed(): void {
    this.isUnclaimed = true;
  }
}
