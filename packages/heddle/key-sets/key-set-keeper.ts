import type { Clock, ClockTimer, Random } from "@heddle/engine/base";
import type { KeySetData } from "@heddle/filters";
import { readKeySet, type KeySource } from "../compile/index.ts";
import type { FetchedKeySet } from "./fetch-key-set.ts";
import { MIN_REFRESH_MS, refreshAfter, retryAfter } from "./schedule.ts";

/** A set that policies name. */
export interface KeySetRequest {
  /** Of its data unit. */
  readonly name: string;
  readonly source: KeySource;
}

export interface KeeperOptions {
  readonly clock: Clock;
  readonly random: Random;
  fetch(source: KeySource): Promise<FetchedKeySet>;
  /** Its keys are others. */
  onChanged(): void;
  onFailed(message: string, isKept: boolean): void;
  onSkipped(message: string): void;
}

/**
 * One key set: fetched at once, again when it is old, and sooner where somebody asks for it.
 *
 *   fetching ── good ──→ waiting (its age) ── due, or wanted and 30 s since the last fetch began ──→ fetching
 *      └─────── bad ───→ waiting (longer each time; its last good keys stay) ──────────────────────→ fetching
 */
export class KeySetKeeper {
  readonly source: KeySource;
  /** Settles when the first fetch is over, however it went. */
  readonly tried: Promise<void>;
  data: KeySetData | null = null;
  private readonly options: KeeperOptions;
  private startedMs = Number.NEGATIVE_INFINITY;
  private failures = 0;
  private isFetching = false;
  private isClosed = false;
  private timer: ClockTimer | null = null;
  private dueMs = 0;

  constructor(source: KeySource, options: KeeperOptions) {
    this.source = source;
    this.options = options;
    this.tried = this.fetch();
  }

  /** Somebody lacks a key. It costs a fetch at most every thirty seconds, however often it comes. */
  want(): void {
    if (this.isFetching || this.isClosed) return;
    const { clock } = this.options;
    const earliest = this.startedMs + MIN_REFRESH_MS;
    if (this.dueMs <= earliest) return;
    this.schedule(Math.max(0, earliest - clock.now()));
  }

  close(): void {
    this.isClosed = true;
    this.timer?.cancel();
  }

  private schedule(delayMs: number): void {
    const { clock } = this.options;
    this.timer?.cancel();
    this.dueMs = clock.now() + delayMs;
    this.timer = clock.after(delayMs, () => void this.fetch());
  }

  private async fetch(): Promise<void> {
    const { clock, random, fetch, onFailed } = this.options;
    this.isFetching = true;
    this.startedMs = clock.now();
    let delayMs: number;
    try {
      const { text, maxAgeMs } = await fetch(this.source);
      this.take(text);
      this.failures = 0;
      delayMs = refreshAfter(maxAgeMs, random.next());
    } catch (error) {
      if (this.isClosed) return;
      this.failures++;
      delayMs = retryAfter(this.failures, this.data !== null, random.next());
      onFailed((error as Error).message, this.data !== null);
    }
    this.isFetching = false;
    if (!this.isClosed) this.schedule(delayMs);
  }

  private take(text: string): void {
    if (this.isClosed) return;
    const reading = readKeySet(text, false);
    if (typeof reading === "string") throw new Error(`${this.place}: the answer ${reading}`);
    for (const one of reading.skipped) this.options.onSkipped(`${this.place}: ${one}; it is left out`);
    if (JSON.stringify(reading.data) === JSON.stringify(this.data)) return;
    this.data = reading.data;
    this.options.onChanged();
  }

  private get place(): string {
    const { origin, pathname } = new URL(this.source.url);
    return `${origin}${pathname}`;
  }
}
