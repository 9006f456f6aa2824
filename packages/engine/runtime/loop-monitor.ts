import { systemClock } from "../base/index.ts";
import type { Clock, ClockTimer } from "../base/index.ts";
import { memoryShare, readMemory } from "./memory-gauge.ts";
import type { MemoryReading } from "./memory-gauge.ts";

const TICK_MS = 20;
/** The longest delay is told for at least this long before it is forgotten. */
const WINDOW_MS = 30_000;
const MEMORY_TICKS = 50;

/** Who is told of this thread's event loop and memory. */
export interface LoopObserver {
  /** How late a timer came, every 20 ms: as long as anybody waits until the loop gets to him. */
  probe(delayMs: number, nowMs: number): void;
  /** Every second: see `memoryShare`. */
  setMemoryShare(share: number): void;
}

/** Measures how late this thread's event loop is, and how near memory is to its limits. */
export class LoopMonitor {
  private readonly observer: LoopObserver;
  private readonly report: (maxDelayMs: number) => void;
  private readonly clock: Clock;
  private readonly memory: () => MemoryReading;
  private timer: ClockTimer;
  private lastMs: number;
  private maxMs = 0;
  private maxSinceMs = 0;
  private ticks = 0;

  /** `report` gets the longest delay of the latest window whenever there is a longer one. */
  constructor(
    observer: LoopObserver,
    report: (maxDelayMs: number) => void,
    clock: Clock = systemClock,
    memory: () => MemoryReading = readMemory,
  ) {
    this.observer = observer;
    this.report = report;
    this.clock = clock;
    this.memory = memory;
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
    if (nowMs - this.maxSinceMs > WINDOW_MS) this.maxMs = 0;
    this.note(delayMs);
    if (++this.ticks % MEMORY_TICKS === 0) this.observer.setMemoryShare(memoryShare(this.memory()));
    this.observer.probe(delayMs, nowMs);
    this.timer = this.clock.after(TICK_MS, () => this.tick());
  }

  close(): void {
    this.timer.cancel();
  }
}
