import type { FilterContext } from "@heddle/engine/filter";
import { threadBoard } from "@heddle/engine/shared";
import { filterScope, watchStrayErrors } from "./stray-errors.ts";
import type { FilterOwner } from "./stray-errors.ts";

/** How often at most a worker says the same of one filter. */
const NOTE_MS = 10_000;
const MAX_MESSAGE = 300;

/** Topic of what a worker tells the main thread of filters, in JSON: a FilterNote. */
export const filterNoteTopic = "own-filter";

export interface FilterNote {
  readonly filter: string;
  readonly what: "failed" | "over-budget";
  readonly phase: string;
  /** Of the error, without its stack; "" for none. */
  readonly message: string;
  readonly tookMs: number;
  /** Since the last such note. */
  readonly times: number;
}

/**
 * Calls into the code of one filter: each is timed, and what it throws is counted and thrown on.
 *
 * Only what keeps the worker is timed. A phase that awaits keeps nobody else waiting; after its first wait it is not
 * timed any more.
 */
export class FilterWatch implements FilterOwner {
  readonly code: string;
  private readonly filter: string;
  private readonly budgetMs: number;
  private readonly context: FilterContext;
  /** On the thread's board; 0 until its first call: most rules of many have none. */
  private call = 0;
  /** What was counted last. */
  private last: unknown = undefined;
  private readonly since = { failed: 0, "over-budget": 0 };
  private readonly noted = { failed: -Infinity, "over-budget": -Infinity };

  constructor(filter: string, code: string, budgetMs: number, context: FilterContext) {
    this.filter = filter;
    this.code = code;
    this.budgetMs = budgetMs;
    this.context = context;
    watchStrayErrors(this);
  }

  /** Runs `create`, which no request waits for. What it throws is for whoever builds. */
  build<R>(call: () => R): R {
    const before = this.enter();
    try {
      return filterScope.run(this, call);
    } finally {
      threadBoard.leave(before);
    }
  }

  private enter(): number {
    if (this.call === 0) this.call = threadBoard.numberOf(`Filter ${this.filter}, ${this.context.place}`);
    return threadBoard.enter(this.call);
  }

  /** Runs a phase. What it gives is given back; what it throws is thrown. */
  run<A extends unknown[], R>(phase: string, call: (...args: A) => R, ...args: A): R {
    const startMs = performance.now();
    const before = this.enter();
    try {
      return filterScope.run(this, call, ...args);
    } catch (thrown) {
      const error = asObject(thrown);
      this.failed(phase, error);
      throw error;
    } finally {
      threadBoard.leave(before);
      const tookMs = performance.now() - startMs;
      if (tookMs > this.budgetMs) this.note("over-budget", phase, "", tookMs);
    }
  }

  /** As `run`, of what nobody waits for: an error is counted, and goes no further. */
  runLoose<A extends unknown[]>(phase: string, call: (...args: A) => void, ...args: A): boolean {
    try {
      this.run(phase, call, ...args);
      return true;
    } catch {
      return false;
    }
  }

  failed(phase: string, error: unknown): void {
    this.last = error;
    this.note("failed", phase, textOf(error).slice(0, MAX_MESSAGE), 0);
  }

  /** As `failed`, of what may have been counted on its way here. */
  failedOnce(phase: string, error: unknown): void {
    if (typeof error !== "object" || error === null || error !== this.last) this.failed(phase, error);
  }

  onStray(error: unknown): void {
    this.failed("what a phase left behind", error);
  }

  /** Heddle's own work is nobody's, though a filter asked for it. */
  outside<A extends unknown[], R>(call: (...args: A) => R, ...args: A): R {
    return filterScope.run(undefined, call, ...args);
  }

  private note(what: FilterNote["what"], phase: string, message: string, tookMs: number): void {
    this.context.count(what);
    this.since[what]++;
    const nowMs = performance.now();
    if (nowMs - this.noted[what] < NOTE_MS) return;
    const { filter } = this;
    const times = this.since[what];
    const note: FilterNote = { filter, what, phase, message, tookMs: Math.round(tookMs), times };
    this.noted[what] = nowMs;
    this.since[what] = 0;
    this.context.notify(filterNoteTopic, JSON.stringify(note));
  }
}

/** What is thrown may be anything, and throw itself when it is looked at. */
function textOf(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  } catch {
    return "something that cannot be shown";
  }
}

/** What is thrown is known again by being the same object. */
const asObject = (thrown: unknown): object =>
  typeof thrown === "object" && thrown !== null ? thrown : new Error(textOf(thrown));
