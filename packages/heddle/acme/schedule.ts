import type { Random } from "@heddle/engine/base";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * When a certificate is to be renewed: with a third of its life left, or `renewBeforeMs` before its end, and up to a
 * fiftieth of its life earlier, so that many certificates of one day do not come back on one day.
 */
export function chooseRenewal(
  { notBeforeMs, notAfterMs }: { notBeforeMs: number; notAfterMs: number },
  renewBeforeMs: number | null,
  random: Random,
): number {
  const lifeMs = notAfterMs - notBeforeMs;
  const beforeMs = renewBeforeMs ?? lifeMs / 3;
  const atMs = notAfterMs - beforeMs - (random.next() * lifeMs) / 50;
  // A renewBefore that is longer than the certificate's life would renew without end.
  return Math.max(atMs, notBeforeMs + lifeMs / 10);
}

/** A time within the window that the CA suggests (RFC 9773 section 4.2). */
export function chooseInWindow(window: { startMs: number; endMs: number }, random: Random): number {
  return window.startMs + random.next() * (window.endMs - window.startMs);
}

/** Whatever the CA suggests, one certificate follows another at most this often. */
export function earliestRenewal(issuedMs: number, lifeMs: number): number {
  return issuedMs + Math.min(lifeMs / 10, HOUR_MS);
}

const FIRST_PAUSE_MS = 2 * MINUTE_MS;
const MAX_PAUSE_MS = 6 * HOUR_MS;
/** A CA that asks for more is asked again after this. */
const MAX_RETRY_AFTER_MS = 7 * 24 * HOUR_MS;

/**
 * Until the next try after that many failures in a row: two minutes, doubled each time up to six hours, more or less
 * by a tenth. CAs count failures (Let's Encrypt: five for a name in an hour). A Retry-After that is longer holds.
 */
export function chooseRetryDelay(failures: number, retryAfterMs: number | null, random: Random): number {
  const pauseMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(20, failures - 1));
  const delayMs = pauseMs * (0.9 + random.next() * 0.2);
  return Math.max(delayMs, Math.min(retryAfterMs ?? 0, MAX_RETRY_AFTER_MS));
}
