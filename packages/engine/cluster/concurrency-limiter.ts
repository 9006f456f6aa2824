import type { Random } from "../base/index.ts";
import type { AdaptiveConcurrencySpec } from "../model/index.ts";
import { SampleWindow } from "./sample-window.ts";

/** Samples of one window that count; a busier one keeps the latest. */
const WINDOW_SAMPLES = 512;
/** The buffer is this long at least: requests of a fast service wait as long for the event loop. */
const MIN_BUFFER_MS = 5;
const MAX_GRADIENT = 2;
const MIN_GRADIENT = 0.5;
/** A probe takes at most this share of the time between two. */
const MAX_PROBE_SHARE = 0.1;
/** Updates in a row at the least limit after which the base is doubted: perhaps the service itself is slower. */
const DOUBTS = 5;

/**
 * How many requests a cluster may have waiting for their response heads, found from how long these take (Envoy's
 * adaptive concurrency filter, Netflix's concurrency-limits):
 *
 *   gradient = (base + buffer) ÷ median latency of the last window, from 0.5 to 2
 *   limit    = limit × gradient + √(limit × gradient)
 *
 * The base is what the service takes when it has next to nothing to do. Where traffic never leaves it so, it is let
 * down to `minConcurrency` for a while, from time to time:
 *
 *   learning ─(enough answers, few at a time)─► running ◄──────(enough answers, or time is up)──────┐
 *      └──────(many at a time)──────────────────► probing ─────────────────────────────────────────┤
 *                                                    ▲──(interval, or five updates at the minimum)──┘
 *
 * It has no timer: answers move it. A limit that traffic does not come near does not grow, so that a sudden crowd meets
 * one that fits.
 */
export class ConcurrencyLimiter {
  private readonly spec: AdaptiveConcurrencySpec;
  private readonly random: Random;
  private onLimit: (change: number) => void;
  private phase: "learning" | "running" | "probing" = "learning";
  private found: number;
  /** Milliseconds; 0 before it is known. */
  private baseMs = 0;
  /** Requests without a response head. */
  private waiting = 0;
  /** The most of them in this window, those refused included. */
  private peak = 0;
  private readonly latest = new SampleWindow(WINDOW_SAMPLES);
  /** Of a service that had next to nothing to do. */
  private readonly quiet: SampleWindow;
  private windowEndMs = -Infinity;
  private probeAtMs = Infinity;
  private probeEndMs = Infinity;
  /** In a probe, requests from then on count: those before had others beside them. */
  private measuredFromMs = Infinity;
  private atMinimum = 0;

  /** `onLimit` is told by how much the limit has changed, from 0 on. */
  constructor(spec: AdaptiveConcurrencySpec, random: Random, onLimit: (change: number) => void = () => {}) {
    this.spec = spec;
    this.random = random;
    this.onLimit = onLimit;
    this.quiet = new SampleWindow(spec.baseRequests);
    this.found = 0;
    this.setLimit(spec.maxConcurrency);
  }

  get limit(): number {
    return this.phase === "probing" ? this.spec.minConcurrency : this.found;
  }

  /** Takes a place for a request; false when there is none. Pair with `answered` or `abandoned`. */
  tryStart(nowMs: number): boolean {
    if (nowMs >= this.probeAtMs && this.phase === "running") this.beginProbe(nowMs);
    else if (nowMs >= this.probeEndMs && this.phase === "probing") this.endProbe(nowMs);
    const wanted = this.waiting + 1;
    if (wanted > this.peak) this.peak = wanted;
    if (this.waiting >= this.limit) return false;
    this.waiting = wanted;
    if (this.phase === "probing" && this.measuredFromMs === Infinity) this.measuredFromMs = nowMs;
    return true;
  }

  /** The response head is here. */
  answered(startedMs: number, nowMs: number): void {
    this.waiting--;
    this.take(startedMs, nowMs);
  }

  /**
   * It ended without one, or with one that tells nothing of the time it takes to serve. It took this long at least, which
   * counts where that is long.
   */
  abandoned(startedMs: number, nowMs: number): void {
    this.waiting--;
    if (this.baseMs > 0 && nowMs - startedMs > 2 * this.allowedMs) this.take(startedMs, nowMs);
  }

  /** The cluster is gone, or has another limiter. */
  close(): void {
    this.onLimit(-this.found);
    this.onLimit = () => {};
  }

  /** What a request may take before the limit falls. */
  private get allowedMs(): number {
    return this.baseMs + Math.max(MIN_BUFFER_MS, this.baseMs * this.spec.buffer);
  }

  private take(startedMs: number, nowMs: number): void {
    const latencyMs = nowMs - startedMs;
    if (this.phase === "probing") {
      if (startedMs >= this.measuredFromMs) this.quiet.add(latencyMs);
      if (this.quiet.isFull || nowMs >= this.probeEndMs) this.endProbe(nowMs);
      return;
    }
    if (this.windowEndMs === -Infinity) this.openWindow(nowMs);
    this.latest.add(latencyMs);
    const isQuiet = this.peak <= this.spec.minConcurrency;
    if (isQuiet) this.quiet.add(latencyMs);
    if (this.phase === "learning") this.learn(nowMs);
    else if (nowMs >= this.windowEndMs) this.update(nowMs);
  }

  private learn(nowMs: number): void {
    if (this.quiet.isFull) this.takeBase(nowMs);
    else if (this.latest.count >= this.spec.baseRequests) this.beginProbe(nowMs);
    else if (nowMs >= this.windowEndMs && this.peak <= this.spec.minConcurrency) this.openWindow(nowMs);
  }

  private update(nowMs: number): void {
    if (this.quiet.isFull) this.takeBase(nowMs);
    const { minConcurrency, maxConcurrency } = this.spec;
    const latencyMs = this.latest.percentile(0.5);
    const raw = latencyMs === 0 ? MAX_GRADIENT : this.allowedMs / latencyMs;
    const gradient = Math.min(MAX_GRADIENT, Math.max(MIN_GRADIENT, raw));
    const scaled = this.found * gradient;
    const grown = scaled + Math.sqrt(scaled);
    const isUsed = this.peak * 2 >= this.found;
    const next = isUsed ? grown : Math.min(grown, this.found);
    this.setLimit(Math.round(Math.min(maxConcurrency, Math.max(minConcurrency, next))));
    this.atMinimum = this.found === minConcurrency && isUsed ? this.atMinimum + 1 : 0;
    this.openWindow(nowMs);
    if (this.atMinimum >= DOUBTS) this.beginProbe(nowMs);
  }

  private openWindow(nowMs: number): void {
    this.latest.clear();
    this.peak = this.waiting;
    this.windowEndMs = nowMs + this.spec.sampleIntervalMs;
  }

  private beginProbe(nowMs: number): void {
    this.phase = "probing";
    this.quiet.clear();
    this.measuredFromMs = Infinity;
    this.probeEndMs = nowMs + this.spec.baseIntervalMs * MAX_PROBE_SHARE;
  }

  private endProbe(nowMs: number): void {
    this.takeBase(nowMs);
    this.openWindow(nowMs);
  }

  private takeBase(nowMs: number): void {
    const { baseIntervalMs, baseJitter } = this.spec;
    if (this.quiet.count > 0) this.baseMs = this.quiet.percentile(0.5);
    this.quiet.clear();
    this.atMinimum = 0;
    // A probe that found nothing out leaves it to the next one.
    this.phase = this.baseMs > 0 ? "running" : "learning";
    this.probeAtMs = nowMs + baseIntervalMs * (1 + (this.random.next() * 2 - 1) * baseJitter);
  }

  private setLimit(limit: number): void {
    if (limit === this.found) return;
    this.onLimit(limit - this.found);
    this.found = limit;
  }
}
