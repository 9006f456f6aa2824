import type { Log } from "@heddle/engine/runtime";
import type { LoginFailure, LoginTrouble } from "@heddle/filters/oidc";

const texts: Record<LoginTrouble, string> = {
  "provider-failed": "nobody can log in: the OpenID provider cannot be asked",
  "login-failed": "the OpenID provider, or what it sent, did not confirm a login",
  "refresh-failed": "a session could not be renewed at the OpenID provider",
};

/** Writes a note of topic `login-failure` into the process's log. */
export function reportLoginFailure(log: Log, note: string): void {
  const { what, ...facts } = JSON.parse(note) as LoginFailure;
  log("warn", texts[what], facts);
}
