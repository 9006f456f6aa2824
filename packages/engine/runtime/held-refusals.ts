import type { HeldRequest } from "../proxy/index.ts";

/** Refusals go out at this share of the rate of those who go on; a refusal costs about a third of an answer. */
const SHARE = 0.1;
/** Beside these, so that nobody waits for good: within this time as many as wait. */
const HOLD_MS = 4_000;
/** Nobody waits longer for a refusal. */
const MAX_HOLD_MS = 5_000;
/** More than these do not wait. */
const MAX_HELD = 10_000;
/** Refusals at once that were not needed before. */
const MAX_CREDIT = 10;

/**
 * Refused requests whose answers wait, so that refusing does not take the time of those who are served. Meanwhile their
 * connections and streams ask for nothing more, which slows down whoever asks for too much. In the order they came, and
 * evenly: many answers in one turn would make the loop late for everybody.
 */
export class HeldRefusals {
  private requests: HeldRequest[] = [];
  private heldAtMs: number[] = [];
  /** The first that waits. */
  private next = 0;
  /** Answers that may go out. */
  private credit = 0;
  private nowMs = 0;

  hold(request: HeldRequest): void {
    if (this.count >= MAX_HELD || (this.count === 0 && this.credit >= 1)) {
      this.credit = Math.max(0, this.credit - 1);
      request.turnAway();
      return;
    }
    this.requests.push(request);
    this.heldAtMs.push(this.nowMs);
  }

  get count(): number {
    return this.requests.length - this.next;
  }

  /** To be called every few milliseconds: `admitted` have gone on since the last time. */
  release(admitted: number, nowMs: number): void {
    const elapsedMs = nowMs - this.nowMs;
    this.nowMs = nowMs;
    this.credit += admitted * SHARE + (this.count * Math.min(elapsedMs, HOLD_MS)) / HOLD_MS;
    const latestMs = nowMs - MAX_HOLD_MS;
    while (this.count > 0 && (this.credit >= 1 || this.heldAtMs[this.next] <= latestMs)) {
      this.credit = Math.max(0, this.credit - 1);
      this.requests[this.next++].turnAway();
    }
    this.credit = Math.min(this.credit, MAX_CREDIT);
    // Memory for those that are gone is given back as they are the larger part.
    if (this.next * 2 < this.requests.length) return;
    this.requests = this.requests.slice(this.next);
    this.heldAtMs = this.heldAtMs.slice(this.next);
    this.next = 0;
  }

  releaseAll(): void {
    const waiting = this.requests.slice(this.next);
    this.requests = [];
    this.heldAtMs = [];
    this.next = 0;
    this.credit = 0;
    for (const request of waiting) request.turnAway();
  }
}
