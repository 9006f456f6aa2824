import type { Clock, ClockTimer, Random } from "@heddle/engine/base";
import type { KeySetData } from "@heddle/filters";
import { noKeysMistake, readAnyKeySet, readKeySet, type KeySource } from "../compile/index.ts";
import type { FetchedKeySet } from "./fetch-key-set.ts";
import { MAX_CLOCK_STEP_MS, MAX_KEPT_MS, MIN_REFRESH_MS, refreshAfter, retryAfter } from "./schedule.ts";

/** A set that policies name. */
export interface KeySetRequest {
  /** Of its data unit. */
  readonly name: string;
  readonly source: KeySource;
}

/** What a set's server gave last, as it is kept over a restart. */
export interface KeptKeySet {
  readonly text: string;
  /** When, by the wall clock. */
  readonly fetchedMs: number;
}

/**
 * How a set is:
 *
 *   pending   not asked for yet; what was kept from the process before is in use, where there was any
 *   current   its server's last answer is in use
 *   outdated  its server fails; the last good answer is in use
 *   missing   its server fails, and there are no keys to go on with, or it has withdrawn them all
 */
export interface KeySetState {
  readonly phase: "pending" | "current" | "outdated" | "missing";
  /** What is wrong, with the URL; "" where nothing is. */
  readonly message: string;
  /** Of the keys in use, when they were fetched by the wall clock; null where there are none. */
  readonly fetchedMs: number | null;
}

export interface KeeperOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Of the process before; null where it left none. */
  readonly kept: KeptKeySet | null;
  fetch(source: KeySource): Promise<FetchedKeySet>;
  /** Its keys are others, or its phase is, or what is wrong. */
  onChanged(): void;
  /** Its server gave good keys, the same or others, or withdrew all: what is kept is another. */
  onFetched(): void;
  onSkipped(message: string): void;
}

/**
 * One key set: fetched at once, again when it is old, and sooner where somebody asks for it.
 *
 *   fetching ── good ──→ waiting (its age) ── due, or wanted and 30 s since the last fetch began ──→ fetching
 *      ├── without keys → waiting (half a minute at most; its last good keys are gone) ────────────→ fetching
 *      └─────── bad ───→ waiting (longer each time; its last good keys stay, for three days) ──────→ fetching
 *
 * "Without keys" is a set by its form, with no key that signatures can be checked with: the issuer says that the keys
 * before are none of its own any more. "Bad" says nothing of them: no answer, an error, or something that is no set.
 */
export class KeySetKeeper {
  readonly source: KeySource;
  /** Where it is, without the query, which may hold a secret. */
  readonly place: string;
  /** Settles when the first fetch is over, however it went. */
  readonly tried: Promise<void>;
  data: KeySetData | null = null;
  state: KeySetState = { phase: "pending", message: "", fetchedMs: null };
  /** The last good answer. */
  kept: KeptKeySet | null = null;
  /** Fetches that gave keys, and those that did not. */
  readonly fetches = { ok: 0, failed: 0 };
  private readonly options: KeeperOptions;
  /** When the keys in use were fetched, by the clock that nobody sets. */
  private goodAtMs = 0;
  private startedMs = Number.NEGATIVE_INFINITY;
  private failures = 0;
  private isFetching = false;
  private isClosed = false;
  private timer: ClockTimer | null = null;
  private dueMs = 0;

  constructor(source: KeySource, options: KeeperOptions) {
    this.source = source;
    this.options = options;
    const { origin, pathname } = new URL(source.url);
    this.place = `${origin}${pathname}`;
    this.takeKept();
    this.tried = this.fetch();
  }

  /** How long ago the keys in use were fetched; null where there are none. */
  get ageMs(): number | null {
    return this.data === null ? null : this.options.clock.now() - this.goodAtMs;
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

  /** What the process before had, unless it is too old, or from the future, so that nobody knows how old it is. */
  private takeKept(): void {
    const { kept, clock } = this.options;
    if (kept === null) return;
    const ageMs = clock.wallMs() - kept.fetchedMs;
    if (!(ageMs >= -MAX_CLOCK_STEP_MS && ageMs < MAX_KEPT_MS)) return;
    const reading = readKeySet(kept.text, false);
    if (typeof reading === "string") return;
    this.data = reading.data;
    this.kept = kept;
    this.goodAtMs = clock.now() - Math.max(0, ageMs);
    this.state = { phase: "pending", message: "", fetchedMs: kept.fetchedMs };
  }

  private schedule(delayMs: number): void {
    const { clock } = this.options;
    this.timer?.cancel();
    this.dueMs = clock.now() + delayMs;
    this.timer = clock.after(delayMs, () => void this.fetch());
  }

  private async fetch(): Promise<void> {
    const { clock, random, fetch } = this.options;
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
      this.fail((error as Error).message);
      delayMs = retryAfter(this.failures, this.data !== null, random.next());
      // Once more at the end of their time, so that they are in use no longer than that.
      if (this.ageMs !== null) delayMs = Math.min(delayMs, MAX_KEPT_MS - this.ageMs);
    }
    this.isFetching = false;
    if (!this.isClosed) this.schedule(delayMs);
  }

  private take(text: string): void {
    if (this.isClosed) return;
    const reading = readAnyKeySet(text, false);
    if (typeof reading === "string") throw new Error(`${this.place}: the answer ${reading}`);
    const mistake = noKeysMistake(reading);
    if (mistake !== null) {
      this.withdraw();
      throw new Error(`${this.place}: the answer ${mistake}, so that none is trusted`);
    }
    for (const one of reading.skipped) this.options.onSkipped(`${this.place}: ${one}; it is left out`);
    const { clock, onChanged, onFetched } = this.options;
    const fetchedMs = clock.wallMs();
    const hasChanged =
      this.state.phase !== "current" || JSON.stringify(reading.data) !== JSON.stringify(this.data);
    this.fetches.ok++;
    this.goodAtMs = clock.now();
    this.kept = { text, fetchedMs };
    this.state = { phase: "current", message: "", fetchedMs };
    onFetched();
    if (!hasChanged) return;
    this.data = reading.data;
    onChanged();
  }

  /** None is trusted any longer, after a restart neither. */
  private withdraw(): void {
    this.data = null;
    this.kept = null;
    this.options.onFetched();
  }

  private fail(message: string): void {
    this.fetches.failed++;
    const { ageMs, state: before } = this;
    if (ageMs !== null && ageMs >= MAX_KEPT_MS) this.data = null;
    const isGone = this.data === null;
    const fetchedMs = isGone ? null : before.fetchedMs;
    this.state = { phase: isGone ? "missing" : "outdated", message, fetchedMs };
    if (this.state.phase !== before.phase || message !== before.message) this.options.onChanged();
  }
}
