import { hashText } from "@heddle/engine/base";
import { isToken, isFramingName } from "@heddle/engine/message";
import type { RetrySpec, SessionPersistenceSpec } from "@heddle/engine/model";
import { parseDurationMs, type HTTPRouteRetry, type SessionPersistence } from "../../resources/index.ts";
import { makeFinding, type Finding } from "../io/status.ts";

/** Retries where `retry` is given without a number or pause. */
const defaultAttempts = 1;
const defaultBackoffMs = 25;

/** Milliseconds of a Gateway API duration (GEP-2257); 0, for none, where it is not given or zero. */
export function durationMs(text: string | undefined): number {
  return text === undefined ? 0 : (parseDurationMs(text) ?? 0);
}

export function retryOf(retry: HTTPRouteRetry | undefined): RetrySpec | null {
  if (retry === undefined) return null;
  const { attempts = defaultAttempts, codes = [], backoff } = retry;
  const backoffMs = backoff === undefined ? defaultBackoffMs : durationMs(backoff);
  return { codes: [...codes].sort((a, b) => a - b), attempts, backoffMs };
}

/** Session persistence of a rule, or what is wrong with it. `ruleId` tells the rule from all others. */
export function sessionOf(
  session: SessionPersistence | undefined,
  ruleId: string,
  path: string,
): SessionPersistenceSpec | Finding | null {
  if (session === undefined) return null;
  const { type, sessionName: name = defaultSessionName(ruleId) } = session;
  if (!isToken(name) || (type === "Header" && isFramingName(name))) {
    const message = `${JSON.stringify(name)} cannot be the name of a session's ${type.toLowerCase()}`;
    return makeFinding("UnsupportedValue", `${path}.sessionName`, message);
  }
  const absoluteTimeoutMs = durationMs(session.absoluteTimeout);
  const isPermanent = session.cookieConfig?.lifetimeType === "Permanent";
  return { name, type, absoluteTimeoutMs, idleTimeoutMs: 0, isPermanent };
}

/** One of its own for each rule, so that sessions of two rules on one host do not overwrite each other. */
function defaultSessionName(ruleId: string): string {
  return `heddle-session-${hashText(ruleId).toString(16).padStart(8, "0")}`;
}
