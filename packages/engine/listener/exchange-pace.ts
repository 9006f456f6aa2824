import { makeFault } from "../base/index.ts";
import type { Fault } from "../base/index.ts";
import type { ListenerSettings } from "../model/index.ts";

/** How often the pace of a slow body is looked at. */
const RATE_LOOK_MS = 1_000;

/**
 * How fast the exchanges of one HTTP/1.1 connection go on, one after the other, and when that is too slow: the whole
 * request has a time limit, its body a least pace, and silence an end. All times are clock milliseconds.
 */
export class ExchangePace {
  /** Of the request's body. */
  bodyBytes = 0;
  private startedMs: number;
  /** Of the last byte either way that was noted as it came. */
  private lastByteMs: number;
  /** Those of the body are not: they are counted, and seen at the next look. */
  private bodySeen = 0;
  /** Since when, and for how long before, the body has been held back by us; -1: it is not. */
  private pausedAtMs = -1;
  private heldMs = 0;

  constructor(nowMs: number) {
    this.startedMs = nowMs;
    this.lastByteMs = nowMs;
  }

  begin(nowMs: number): void {
    this.startedMs = nowMs;
    this.lastByteMs = nowMs;
    this.bodyBytes = 0;
    this.bodySeen = 0;
    this.heldMs = 0;
  }

  touch(nowMs: number): void {
    this.lastByteMs = nowMs;
  }

  pause(nowMs: number): void {
    this.pausedAtMs = nowMs;
  }

  resume(nowMs: number): void {
    this.lastByteMs = nowMs;
    this.heldMs += nowMs - this.pausedAtMs;
    this.pausedAtMs = -1;
  }

  /** What the exchange is too slow for; null: for nothing. */
  check(nowMs: number, isRequestDone: boolean, settings: ListenerSettings): Fault | null {
    const { requestTimeoutMs, streamIdleMs, minBodyBytesPerSecond } = settings;
    if (!isRequestDone && this.startedMs + requestTimeoutMs <= nowMs)
      return makeFault("HDL_REQUEST_TIMEOUT", `no whole request within ${requestTimeoutMs} ms`);
    if (this.lastByteMs + streamIdleMs <= nowMs && !this.hasBodyGoneOn(nowMs))
      return makeFault("HDL_DOWNSTREAM_IDLE_TIMEOUT", `no byte either way within ${streamIdleMs} ms`);
    if (isRequestDone || !this.isTooSlow(nowMs, settings)) return null;
    return makeFault(
      "HDL_REQUEST_BODY_TOO_SLOW",
      `request body is slower than ${minBodyBytesPerSecond} bytes per second`,
    );
  }

  /** When to check again, after a check that found nothing. */
  nextLookMs(nowMs: number, isRequestDone: boolean, settings: ListenerSettings): number {
    const dueMs = isRequestDone
      ? this.lastByteMs + settings.streamIdleMs
      : Math.min(this.startedMs + settings.requestTimeoutMs, nowMs + RATE_LOOK_MS);
    return Math.max(dueMs, nowMs + 1);
  }

  /** Since the last look. */
  private hasBodyGoneOn(nowMs: number): boolean {
    const isMore = this.bodyBytes > this.bodySeen;
    this.bodySeen = this.bodyBytes;
    if (isMore) this.lastByteMs = nowMs;
    return isMore;
  }

  /** While we hold the client back ourselves, its pace is not its own. */
  private isTooSlow(nowMs: number, { minBodyBytesPerSecond, bodyRateGraceMs }: ListenerSettings): boolean {
    const elapsedMs = nowMs - this.startedMs - this.heldMs;
    if (this.pausedAtMs >= 0 || minBodyBytesPerSecond === 0 || elapsedMs < bodyRateGraceMs) return false;
    return this.bodyBytes * 1_000 < minBodyBytesPerSecond * elapsedMs;
  }
}
