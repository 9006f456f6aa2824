import v8 from "node:v8";
import { makeFault, systemClock } from "../base/index.ts";
import type { Clock, ClockTimer, Fault } from "../base/index.ts";

const TICK_MS = 20;
/** The longest delay is told for at least this long before it is forgotten. */
const WINDOW_MS = 30_000;
const HEAP_CHECK_TICKS = 50;

/** Settings of load shedding. */
export interface ShedSettings {
  /** Smoothed event-loop delay above which requests are refused. */
  readonly maxLoopDelayMs: number;
  /** Share of the heap limit (0–1) above which requests are refused. */
  readonly maxHeapShare: number;
}

export const DEFAULT_SHED_SETTINGS: ShedSettings = { maxLoopDelayMs: 500, maxHeapShare: 0.92 };

/** Measures how late this thread's event loop is, and says when to shed load. */
export class LoopMonitor {
  private readonly settings: ShedSettings;
  private readonly report: (maxDelayMs: number) => void;
  private readonly clock: Clock;
  private timer: ClockTimer;
  private lastMs: number;
  private smoothedMs = 0;
  private maxMs = 0;
  private maxSinceMs = 0;
  private ticks = 0;
  private isHeapFull = false;

  constructor(settings: ShedSettings, report: (maxDelayMs: number) => void, clock: Clock = systemClock) {
    this.settings = settings;
    this.report = report;
    this.clock = clock;
    this.lastMs = clock.now();
    this.timer = clock.after(TICK_MS, () => this.tick());
  }

  /** A stall that the caller measured itself. */
  note(delayMs: number): void {
    if (delayMs <= this.maxMs) return;
    this.maxMs = delayMs;
    this.maxSinceMs = this.clock.now();
    this.report(this.maxMs);
  }

  private tick(): void {
    const nowMs = this.clock.now();
    const delayMs = Math.max(0, nowMs - this.lastMs - TICK_MS);
    this.lastMs = nowMs;
    this.smoothedMs += (delayMs - this.smoothedMs) * 0.25;
    if (nowMs - this.maxSinceMs > WINDOW_MS) this.maxMs = 0;
    this.note(delayMs);
    if (++this.ticks % HEAP_CHECK_TICKS === 0) this.checkHeap();
    this.timer = this.clock.after(TICK_MS, () => this.tick());
  }

  private checkHeap(): void {
    const { used_heap_size, heap_size_limit } = v8.getHeapStatistics();
    this.isHeapFull = used_heap_size > heap_size_limit * this.settings.maxHeapShare;
  }

  /** The fault to refuse a request with, or null. */
  shed(): Fault | null {
    if (this.smoothedMs > this.settings.maxLoopDelayMs) {
      return makeFault("HDL_OVERLOADED", "event loop is late");
    }
    return this.isHeapFull ? makeFault("HDL_OVERLOADED", "heap is nearly full") : null;
  }

  close(): void {
    this.timer.cancel();
  }
}
