/** The least time between the beginnings of two fetches of a set, whoever asks for one (threats 20). */
export const MIN_REFRESH_MS = 30_000;

/**
 * How long keys are in use whose server fails since, over restarts too: longer than a weekend, and not for ever, since
 * nobody says meanwhile that a key was withdrawn.
 */
export const MAX_KEPT_MS = 259_200_000;
/** How far back the wall clock may be set between two processes. */
export const MAX_CLOCK_STEP_MS = 300_000;

const DEFAULT_AGE_MS = 600_000;
const MIN_AGE_MS = 60_000;
const MAX_AGE_MS = 86_400_000;
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 300_000;

/** When a set that was fetched is fetched anew: as its server says, within bounds, and not all sets at once. */
export function refreshAfter(maxAgeMs: number | null, random: number): number {
  const age = Math.min(MAX_AGE_MS, Math.max(MIN_AGE_MS, maxAgeMs ?? DEFAULT_AGE_MS));
  return age * (0.9 + 0.1 * random);
}

/**
 * How long to wait after the `failures`th failure on end. While there is nothing good to go on with nobody gets in:
 * until then it is tried every half minute at least.
 */
export function retryAfter(failures: number, hasGood: boolean, random: number): number {
  const doubled = FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 20);
  return Math.min(hasGood ? MAX_RETRY_MS : MIN_REFRESH_MS, doubled) * (0.75 + 0.25 * random);
}
