import type { Clock, ClockTimer } from "../base/index.ts";

/**
 * So long before a cut WebSockets say goodbye: a frame under way may end, and a close frame be answered, over a bad line.
 * Of a shorter grace period it is the half.
 */
export const FAREWELL_MS = 2_000;

/** The end of a grace period: `cut` when it is over, and `farewell` a little before. */
export function cutAfter(clock: Clock, graceMs: number, farewell: () => void, cut: () => void): ClockTimer {
  const farewellMs = Math.min(FAREWELL_MS, graceMs / 2);
  let timer = clock.after(graceMs - farewellMs, () => {
    timer = clock.after(farewellMs, cut);
    farewell();
  });
  return { cancel: () => timer.cancel() };
}
