import { isSameList } from "@heddle/engine/base";
import type { Reading } from "../../sources/index.ts";
import type { AppliedConfiguration, Configuration } from "./configuration.ts";

export interface ConfigurationLoopOptions {
  readonly configuration: Configuration;
  /** Everything that the sources have now. */
  read(): Promise<readonly Reading[]>;
  onApplied(applied: AppliedConfiguration): void;
  /** A broken invariant: what was in force stays. */
  onFailed(error: Error): void;
}

/** A port that was taken may come free: how long until it is tried again. */
const rebindMs = 5_000;

/**
 * Puts the configuration in force again and again: one run at a time, and after a run one more where something
 * changed meanwhile. What came in between is passed over, the newest is read.
 *
 *   idle ── trigger ──→ running ── trigger ──→ running, stale
 *    ↑                     │                        │
 *    └──────── done ───────┘        done: runs again┘
 */
export class ConfigurationLoop {
  private readonly options: ConfigurationLoopOptions;
  private running: Promise<void> | null = null;
  private isStale = false;
  private isClosed = false;
  private rebind: NodeJS.Timeout | undefined;
  private last: readonly Reading[] | null = null;

  constructor(options: ConfigurationLoopOptions) {
    this.options = options;
  }

  /** Something may have changed. Resolves when what is there now has been put in force. */
  trigger(): Promise<void> {
    if (this.isClosed) return Promise.resolve();
    this.isStale = true;
    this.running ??= this.run().finally(() => (this.running = null));
    return this.running;
  }

  /** As `trigger`, for what has changed beside the sources. */
  refresh(): Promise<void> {
    this.last = null;
    return this.trigger();
  }

  /** Waits for a run in progress; none begins after it. */
  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.rebind);
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.isStale && !this.isClosed) {
      this.isStale = false;
      try {
        await this.runOnce();
      } catch (error) {
        this.last = null;
        this.options.onFailed(error as Error);
      }
    }
  }

  private async runOnce(): Promise<void> {
    const readings = await this.options.read();
    // The poll of the sources asks every two seconds: mostly there is nothing new.
    if (this.isClosed || (this.last !== null && isSameList(readings, this.last))) return;
    this.last = readings;
    const applied = await this.options.configuration.apply(readings);
    this.options.onApplied(applied);
    clearTimeout(this.rebind);
    if (applied.listeners.some(({ error }) => error !== null)) {
      this.rebind = setTimeout(() => void this.refresh(), rebindMs).unref();
    }
  }
}
