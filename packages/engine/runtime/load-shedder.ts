import { PRIORITIES } from "../model/index.ts";
import type { Priority } from "../model/index.ts";
import type { HeldRequest, Shedder } from "../proxy/index.ts";
import { HeldRefusals } from "./held-refusals.ts";

/** Between two changes of the rate. */
const CONTROL_MS = 100;
/** The median of so many probes is the delay: one stall, whatever its length, is none. */
const PROBES = 5;
/** A crowd that is worked off within this time is none. */
const PATIENCE_MS = 500;
/** What came during a stall is given as long as the stall took, and no longer than this. */
const MAX_PATIENCE_MS = 2_000;
/** Gain of the controller: so much of the rate a second, for a delay of twice the target. */
const GAIN = 0.4;
/** Targets below it are steered as gently as if they were it: probes and turns are coarser. */
const FINEST_MS = 50;
/** The rate changes by no more than these at a time, as exponents of e. */
const MAX_FALL = 0.7;
const MAX_RISE = 0.1;
/** The rate is this share of what went on lately at least while the delay is short. */
const KNOWN = 0.9;
/** The rate is this many times what went on lately at most, so that a new crowd meets a limit that fits. */
const HEADROOM = 1.5;
/** What went on is forgotten by a hundredth each time. */
const MEMORY = 0.99;
/** 50 a second always go on: a worker that does less is late for other reasons. */
const FLOOR_PER_MS = 0.05;
/** What was not used of the rate can be used for so long. */
const BURST_MS = 100;
/** Weight of the latest interval in what comes. */
const LATEST = 0.3;
/** So long nobody was refused, and the loop on time: it is over. */
const CALM_MS = 1_000;
const LOWEST: Priority = PRIORITIES.length - 1;

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
 * While it is on, a proportional-integral controller (PIE, RFC 8033) finds the rate of requests at which the delay of
 * the loop stays at its target, beginning with the rate that was worked off when the delay got there. Its gains are for
 * a loop whose delay grows by a second per second of excess: it settles without swinging. By what came of each priority
 * lately it is known at which one the rate ends: those above go on, that one as far as the rate reaches, those below
 * are refused. While it is off nobody counts anything.
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
  private readonly refusals = new HeldRefusals();
  private readonly probes: number[] = [];
  private probeAt = 0;
  private controlledMs: number;
  private lastDelayMs = 0;
  /** Load is not shed before. */
  private patientUntilMs = 0;
  /** Requests a millisecond that may go on by delay; Infinity: not yet known. */
  private rate = Infinity;
  /** The same with regard to memory too. */
  private allowed = Infinity;
  /** The highest rate at which requests went on lately. */
  private proven = 0;
  /** What is there of the rate; less than none where higher priorities took it. */
  private tokens = 0;
  private refilledMs = 0;
  /** The priority at which the rate ends. */
  private marginal: Priority = LOWEST;
  private calmSinceMs = 0;
  /** Since the last control. */
  private readonly offered = new Float64Array(PRIORITIES.length);
  private admitted = 0;
  private admittedSinceProbe = 0;
  /** What comes of each priority, a millisecond. */
  private readonly arriving = new Float64Array(PRIORITIES.length);

  constructor(targetMs: number, observer: ShedObserver, nowMs: number) {
    this.targetMs = targetMs;
    this.observer = observer;
    this.controlledMs = nowMs;
  }

  admits(priority: Priority, nowMs: number): boolean {
    this.offered[priority]++;
    if (!this.takes(priority, nowMs)) {
      this.observer.shed(priority);
      return false;
    }
    this.admitted++;
    this.admittedSinceProbe++;
    return true;
  }

  private takes(priority: Priority, nowMs: number): boolean {
    const { allowed, marginal } = this;
    if (allowed === Infinity) return true;
    const full = Math.max(1, allowed * BURST_MS);
    this.tokens = Math.min(full, this.tokens + (nowMs - this.refilledMs) * allowed);
    this.refilledMs = nowMs;
    // Above the marginal priority all go on, and leave less to it; below it whoever finds nobody else.
    const needed = priority < marginal ? -Infinity : priority === marginal ? 1 : Math.max(1, full / 2);
    if (this.tokens < needed) return false;
    this.tokens = Math.max(-full, this.tokens - 1);
    return true;
  }

  hold(request: HeldRequest): void {
    this.refusals.hold(request);
  }

  /** Share of requests (0–1) that memory allows; 1: all. */
  setMemoryShare(share: number): void {
    this.memoryShare = share;
  }

  /** `delayMs` is how long requests wait; `lateMs` how late the probe came, for whatever reason. */
  probe(delayMs: number, lateMs: number, nowMs: number): void {
    this.bePatient(delayMs, lateMs, nowMs);
    this.probes[this.probeAt++ % PROBES] = delayMs;
    if (this.isOn) this.refusals.release(this.admittedSinceProbe, nowMs);
    this.admittedSinceProbe = 0;
    const elapsedMs = nowMs - this.controlledMs;
    if (elapsedMs < CONTROL_MS) return;
    const medianMs = this.probes.length < PROBES ? 0 : this.median();
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

  private median(): number {
    return this.probes.toSorted((a, b) => a - b)[PROBES >> 1];
  }

  private begin(nowMs: number): void {
    this.isOn = true;
    this.rate = this.allowed = Infinity;
    this.proven = this.tokens = this.admitted = 0;
    this.refilledMs = this.calmSinceMs = nowMs;
    this.offered.fill(0);
    this.arriving.fill(0);
  }

  /** Gives the share that was refused. */
  private control(delayMs: number, elapsedMs: number, nowMs: number): number {
    const offered = this.offered.reduce((sum, one) => sum + one, 0);
    const refused = offered - this.admitted;
    this.measure(elapsedMs);
    this.steer(delayMs, elapsedMs);
    this.findMarginal();
    this.admitted = 0;
    if (refused > 0 || delayMs > this.targetMs / 2 || this.memoryShare < 1) this.calmSinceMs = nowMs;
    else if (nowMs - this.calmSinceMs >= CALM_MS) this.close();
    return offered === 0 ? 0 : refused / offered;
  }

  private measure(elapsedMs: number): void {
    const weight = this.rate === Infinity ? 1 : LATEST;
    for (let at = 0; at < PRIORITIES.length; at++) {
      this.arriving[at] += (this.offered[at] / elapsedMs - this.arriving[at]) * weight;
      this.offered[at] = 0;
    }
  }

  private steer(delayMs: number, elapsedMs: number): void {
    this.proven = Math.max(this.admitted / elapsedMs, this.proven * MEMORY, FLOOR_PER_MS);
    if (this.rate === Infinity) this.rate = this.proven;
    else {
      // Per second squared, and per second: critical damping.
      const integral = (GAIN * 1_000) / Math.max(this.targetMs, FINEST_MS);
      const proportional = 2 * Math.sqrt(integral);
      const grown = (delayMs - this.lastDelayMs) / 1_000;
      const excess = ((delayMs - this.targetMs) / 1_000) * (elapsedMs / 1_000);
      const exponent = -(proportional * grown + integral * excess);
      // The delay falls a while after the rate: what was taken off too much comes back at once, or the loop idles meanwhile.
      const isIdle = delayMs < this.targetMs / 4 && this.rate < this.proven * KNOWN;
      if (isIdle) this.rate = this.proven * KNOWN;
      else this.rate *= Math.exp(Math.min(MAX_RISE, Math.max(-MAX_FALL, exponent)));
    }
    this.rate = Math.max(FLOOR_PER_MS, Math.min(this.rate, this.proven * HEADROOM));
  }

  private findMarginal(): void {
    const { arriving, memoryShare } = this;
    this.allowed = this.targetMs === Infinity ? Infinity : this.rate;
    if (memoryShare < 1) {
      const coming = arriving.reduce((sum, one) => sum + one, 0);
      this.allowed = Math.min(this.allowed, memoryShare * coming);
    }
    let left = this.allowed;
    for (this.marginal = 0; this.marginal < LOWEST; this.marginal++) {
      left -= arriving[this.marginal];
      if (left < 0) return;
    }
  }
}
