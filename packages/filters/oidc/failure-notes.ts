import type { FilterContext } from "@heddle/engine/filter";

/** What went wrong between Heddle and a provider; also the names of the counters. */
export type LoginTrouble = "provider-failed" | "login-failed" | "refresh-failed";

/** One note, of topic `login-failure`, as JSON. */
export interface LoginFailure {
  readonly place: string;
  readonly provider: string;
  readonly what: LoginTrouble;
  readonly cause: string;
}

/** In each worker, of each provider and each kind. */
const QUIET_MS = 10_000;
const MAX_CAUSE = 300;
/** RFC 6749 section 5.2 and such: `invalid_client`. What a provider writes beside it is its own, and stays out. */
const ERROR_CODE = /^[\w.-]{1,64}$/;

/** Counts what goes wrong at a provider, and has the main thread log why, now and then. */
export class FailureNotes {
  private readonly context: FilterContext;
  private readonly told = new Map<string, number>();

  constructor(context: FilterContext) {
    this.context = context;
  }

  take(what: LoginTrouble, provider: string, error: unknown): void {
    const { context } = this;
    context.count(what);
    const id = `${what} ${provider}`;
    const now = context.clock.now();
    if (now - (this.told.get(id) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return;
    this.told.set(id, now);
    const failure: LoginFailure = { place: context.place, provider, what, cause: causeOf(error) };
    context.notify("login-failure", JSON.stringify(failure));
  }
}

/** Messages and codes alone: what errors carry beside them may be tokens. */
function causeOf(error: unknown): string {
  const parts: string[] = [];
  let at = error;
  for (let depth = 0; depth < 4 && at instanceof Error; depth++) {
    const { error: code } = at as { error?: unknown };
    const isCode = typeof code === "string" && ERROR_CODE.test(code);
    parts.push(isCode ? `${at.message} (${code})` : at.message);
    at = at.cause;
  }
  return parts
    .join(": ")
    .replaceAll(/[^\x20-\x7e]/g, "?")
    .slice(0, MAX_CAUSE);
}
