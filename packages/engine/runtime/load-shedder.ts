import { PRIORITIES } from "../model/index.ts";
import type { Priority } from "../model/index.ts";
import type { HeldRequest, Shedder } from "../proxy/index.ts";
import { HeldRefusals } from "./held-refusals.ts";
import type { LoopDelays } from "./loop-monitor.ts";
import { PacedRate } from "./paced-rate.ts";
import { PriorityTokens } from "./priority-tokens.ts";

/** Between two changes of the rate. */
const CONTROL_MS = 100;
/** The median of so many probes is the delay: one stall, whatever its length, is none. */
const PROBES = 5;
/** A crowd that is worked off within this time is none. */
const PATIENCE_MS = 500;
/** What came during a stall is given as long as the stall took, and no longer than this. */
const MAX_PATIENCE_MS = 2_000;
/** 50 a second always go on: a worker that does less is late for other reasons. */
const FLOOR_PER_MS = 0.05;
/** So many of these at once. */
const FLOOR_BURST = 25;
/** A request of each priority goes on while requests wait no longer than this share of the target. */
const WAIT_SHARES: readonly number[] = [1, 0.75, 0.5, 0.25];
/** Half of the way to the next. */
const WAIT_MARGIN = 0.125;
/** So long nobody was refused, and the loop on time: it is over. */
const CALM_MS = 1_000;

/** What it tells, for metrics. */
export interface ShedObserver {
  shed(priority: Priority): void;
  /** At each control: milliseconds, and the share of requests (0–1) that was refused since the last one. */
  setLoopState(delayMs: number, refusedShare: number): void;
}

/**
 * Keeps a worker's event loop on time, and its memory in bounds, by refusing requests: those of low priority first.
 *
 *   off ──(delay above target for a while, or memory short)──► on ──(a second without refusals, delay below half)──► off
 *
 * While it is on, each request is asked how long those wait whose turn it is: longer than its priority lets it, and it is
 * refused, which costs little, so the next one waits less. So the row of those who wait is as long as the limit of the
 * least important ones that there is time for: never empty, never longer, whatever requests cost and however many come.
 *
 * What makes the loop late beside the row of reads (handshakes, timers, the collector) no refusal makes shorter at once.
 * For that a rate is found at which it stays at the target (PacedRate), and given out by priority (PriorityTokens), as is
 * the share of what comes that memory allows. While it is off nobody counts anything.
 *
 * A refusal costs a good part of what an answer costs, so a worker that refuses everybody at once does little else. So
 * what is refused waits where refusals are too many: see HeldRefusals.
 */
export class LoadShedder implements Shedder {
  isOn = false;
  /** Milliseconds; Infinity: delay is of no concern. */
  targetMs: number;
  /** Share of requests that memory allows. */
  private memoryShare = 1;
  private readonly observer: ShedObserver;
  private readonly waitMs: (nowMs: number) => number;
  private readonly refusals = new HeldRefusals();
  private readonly probes: number[] = [];
  private readonly owns: number[] = [];
  private probeAt = 0;
  private controlledMs: number;
  /** The delay at the last control. */
  private lastDelayMs = 0;
  /** The same, where it is of the time since load is shed. */
  private knownDelayMs = 0;
  /** Load is not shed before. */
  private patientUntilMs = 0;
  private readonly rate = new PacedRate(FLOOR_PER_MS);
  private readonly tokens = new PriorityTokens();
  /** Of the few that go on in any case, how many there can be at once. */
  private floor = 0;
  private flooredMs = 0;
  private calmSinceMs = 0;
  /** Since the last control. */
  private readonly offered = new Float64Array(PRIORITIES.length);
  private admitted = 0;
  private admittedSinceProbe = 0;

  /** `waitMs`: how long those have waited whose turn it is. */
  constructor(targetMs: number, observer: ShedObserver, waitMs: (nowMs: number) => number, nowMs: number) {
    this.targetMs = targetMs;
    this.observer = observer;
    this.waitMs = waitMs;
    this.controlledMs = nowMs;
  }

  admits(priority: Priority, nowMs: number): boolean {
    this.offered[priority]++;
    const isLate = this.isTooLate(priority, nowMs) && !this.takesFloor(priority, nowMs);
    if (isLate || !this.tokens.takes(priority, nowMs)) {
      this.observer.shed(priority);
      return false;
    }
    this.admitted++;
    this.admittedSinceProbe++;
    return true;
  }

  /** By the wait of this moment; where it was longer than its priority explains, more important ones are too many. */
  private isTooLate(priority: Priority, nowMs: number): boolean {
    const { targetMs, knownDelayMs } = this;
    const share = WAIT_SHARES[priority];
    return this.waitMs(nowMs) > targetMs * share || knownDelayMs > targetMs * (share + WAIT_MARGIN);
  }

  /** Few go on in any case; the more important a request, the sooner it is one of them. */
  private takesFloor(priority: Priority, nowMs: number): boolean {
    this.floor = Math.min(FLOOR_BURST, this.floor + (nowMs - this.flooredMs) * FLOOR_PER_MS);
    this.flooredMs = nowMs;
    if (this.floor < 1 + (priority * FLOOR_BURST) / (2 * PRIORITIES.length)) return false;
    this.floor--;
    return true;
  }

  hold(request: HeldRequest): void {
    this.refusals.hold(request);
  }

  /** Share of requests (0–1) that memory allows; 1: all. */
  setMemoryShare(share: number): void {
    this.memoryShare = share;
  }

  probe({ waitMs, ownMs, lateMs }: LoopDelays, nowMs: number): void {
    const delayMs = Math.max(waitMs, ownMs);
    this.bePatient(delayMs, lateMs, nowMs);
    this.owns[this.probeAt % PROBES] = ownMs;
    this.probes[this.probeAt++ % PROBES] = delayMs;
    if (this.isOn) this.refusals.release(this.admittedSinceProbe, nowMs);
    this.admittedSinceProbe = 0;
    const elapsedMs = nowMs - this.controlledMs;
    if (elapsedMs < CONTROL_MS) return;
    const medianMs = this.probes.length < PROBES ? 0 : median(this.probes);
    let refusedShare = 0;
    if (this.isOn) refusedShare = this.control(medianMs, elapsedMs, nowMs);
    else if (this.memoryShare < 1) this.begin(nowMs);
    else if (medianMs > this.targetMs && nowMs >= this.patientUntilMs) this.begin(nowMs);
    this.controlledMs = nowMs;
    this.lastDelayMs = medianMs;
    this.observer.setLoopState(medianMs, refusedShare);
  }

  /** As the delay gets above the target: many may have come at once, or while the loop stood still. */
  private bePatient(delayMs: number, lateMs: number, nowMs: number): void {
    const isAbove = Math.max(delayMs, lateMs) > this.targetMs;
    if (!isAbove || this.lastDelayMs > this.targetMs || nowMs < this.patientUntilMs) return;
    this.patientUntilMs = nowMs + Math.min(Math.max(lateMs, PATIENCE_MS), MAX_PATIENCE_MS);
  }

  /** Answers whoever waits. */
  close(): void {
    this.isOn = false;
    this.refusals.releaseAll();
  }

  private begin(nowMs: number): void {
    this.isOn = true;
    this.rate.reset();
    this.tokens.reset(nowMs);
    this.admitted = this.knownDelayMs = 0;
    this.calmSinceMs = nowMs;
    this.offered.fill(0);
  }

  /** Gives the share that was refused. */
  private control(delayMs: number, elapsedMs: number, nowMs: number): number {
    const offered = this.offered.reduce((sum, one) => sum + one, 0);
    const refused = offered - this.admitted;
    this.knownDelayMs = delayMs;
    this.tokens.measure(this.offered, elapsedMs);
    this.rate.steer(median(this.owns), this.targetMs, this.admitted / elapsedMs, elapsedMs);
    this.tokens.allow(this.rate.perMs, this.memoryShare);
    this.admitted = 0;
    this.offered.fill(0);
    if (refused > 0 || delayMs > this.targetMs / 2 || this.memoryShare < 1) this.calmSinceMs = nowMs;
    else if (nowMs - this.calmSinceMs >= CALM_MS) this.close();
    return offered === 0 ? 0 : refused / offered;
  }
}

function median(of: readonly number[]): number {
  return of.toSorted((a, b) => a - b)[of.length >> 1];
}
