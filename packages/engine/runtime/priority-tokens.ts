import { PRIORITIES } from "../model/index.ts";
import type { Priority } from "../model/index.ts";

/** What was not used of the rate can be used for so long. */
const BURST_MS = 100;
/** Weight of the latest interval in what comes. */
const LATEST = 0.3;
const LOWEST: Priority = PRIORITIES.length - 1;

/**
 * Gives out a rate of requests from the highest priority down. By what came of each lately it is known at which one the
 * rate ends, the marginal one: those above go on, that one as far as the rate reaches, those below are refused.
 */
export class PriorityTokens {
  /** Requests a millisecond that may go on; Infinity: all. */
  private perMs = Infinity;
  /** What is there of the rate; less than none where higher priorities took it. */
  private tokens = 0;
  private refilledMs = 0;
  private marginal: Priority = LOWEST;
  /** What comes of each priority, a millisecond. */
  private readonly arriving = new Float64Array(PRIORITIES.length);

  reset(nowMs: number): void {
    this.perMs = Infinity;
    this.tokens = 0;
    this.refilledMs = nowMs;
    this.arriving.fill(0);
  }

  takes(priority: Priority, nowMs: number): boolean {
    const { perMs, marginal } = this;
    if (perMs === Infinity) return true;
    const full = Math.max(1, perMs * BURST_MS);
    this.tokens = Math.min(full, this.tokens + (nowMs - this.refilledMs) * perMs);
    this.refilledMs = nowMs;
    // Above the marginal priority all go on, and leave less to it; below it whoever finds nobody else.
    const needed = priority < marginal ? -Infinity : priority === marginal ? 1 : Math.max(1, full / 2);
    if (this.tokens < needed) return false;
    this.tokens = Math.max(-full, this.tokens - 1);
    return true;
  }

  /** So many of each came in the time since the last call. */
  measure(offered: Float64Array, elapsedMs: number): void {
    const weight = this.perMs === Infinity ? 1 : LATEST;
    for (let at = 0; at < PRIORITIES.length; at++)
      this.arriving[at] += (offered[at] / elapsedMs - this.arriving[at]) * weight;
  }

  /** From now on `perMs` may go on, and no more than `share` (0–1) of what comes. */
  allow(perMs: number, share: number): void {
    const { arriving } = this;
    const coming = arriving.reduce((sum, one) => sum + one, 0);
    this.perMs = share < 1 ? Math.min(perMs, share * coming) : perMs;
    let left = this.perMs;
    for (this.marginal = 0; this.marginal < LOWEST; this.marginal++) {
      left -= arriving[this.marginal];
      if (left < 0) return;
    }
  }
}
