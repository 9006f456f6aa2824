import { systemClock } from "../base/index.ts";
import type { Clock, ClockTimer } from "../base/index.ts";
import { turnWaitMs } from "../net/index.ts";
import { memoryShare, readMemory } from "./memory-gauge.ts";
import type { MemoryReading } from "./memory-gauge.ts";

const TICK_MS = 20;
/** The longest delay is told for at least this long before it is forgotten. */
const WINDOW_MS = 30_000;
const MEMORY_TICKS = 50;

/** How late this thread's event loop is; all in milliseconds. */
export interface LoopDelays {
  /** How long those have waited in the row of reads whose turn it is. */
  readonly waitMs: number;
  /** How late the timer came because of what this thread had to do. */
  readonly ownMs: number;
  /** How late it came, whoever's doing that was. */
  readonly lateMs: number;
}

/** Who is told of this thread's event loop and memory. */
export interface LoopObserver {
  /** Every 20 ms. */
  probe(delays: LoopDelays, nowMs: number): void;
  /** Every second: see `memoryShare`. */
  setMemoryShare(share: number): void;
}

/** What the monitor asks for. */
export interface LoopReadings {
  memory(): MemoryReading;
  /** How long those have waited whose turn it is. */
  waitMs(nowMs: number): number;
  /** Processor time of this thread. */
  cpuMs(): number;
}

export const LOOP_READINGS: LoopReadings = { memory: readMemory, waitMs: turnWaitMs, cpuMs: threadCpuMs };

/**
 * Measures how late this thread's event loop is, and how near memory is to its limits.
 *
 * Requests wait in the row of reads (net/turn.ts), and before the loop reads them, for as long as a timer is late. A loop
 * is late by its own work or because the system runs others meanwhile, and then less load would not make it punctual:
 * only as much of the lateness counts as the thread itself was running.
 */
export class LoopMonitor {
  private readonly observer: LoopObserver;
  private readonly report: (maxDelayMs: number) => void;
  private readonly clock: Clock;
  private readonly readings: LoopReadings;
  private timer: ClockTimer;
  private lastMs: number;
  private lastCpuMs: number;
  private maxMs = 0;
  private maxSinceMs = 0;
  private ticks = 0;

  /** `report` gets the longest delay of the latest window whenever there is a longer one. */
  constructor(
    observer: LoopObserver,
    report: (maxDelayMs: number) => void,
    clock: Clock = systemClock,
    readings: LoopReadings = LOOP_READINGS,
  ) {
    this.observer = observer;
    this.report = report;
    this.clock = clock;
    this.readings = readings;
    this.lastMs = clock.now();
    this.lastCpuMs = readings.cpuMs();
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
    const lateMs = Math.max(0, nowMs - this.lastMs - TICK_MS);
    const waitMs = this.readings.waitMs(nowMs);
    const cpuMs = this.readings.cpuMs();
    const ownMs = Math.min(lateMs, cpuMs - this.lastCpuMs);
    this.lastCpuMs = cpuMs;
    this.lastMs = nowMs;
    if (nowMs - this.maxSinceMs > WINDOW_MS) this.maxMs = 0;
    this.note(Math.max(lateMs, waitMs));
    if (++this.ticks % MEMORY_TICKS === 0) this.observer.setMemoryShare(memoryShare(this.readings.memory()));
    this.observer.probe({ waitMs, ownMs, lateMs }, nowMs);
    this.timer = this.clock.after(TICK_MS, () => this.tick());
  }

  close(): void {
    this.timer.cancel();
  }
}

/** Where the runtime does not tell, all lateness counts. */
function threadCpuMs(): number {
  const { threadCpuUsage } = process as { threadCpuUsage?: () => { user: number; system: number } };
  if (threadCpuUsage === undefined) return performance.now();
  const { user, system } = threadCpuUsage.call(process);
  return (user + system) / 1_000;
}
