import type { Clock, ClockTimer, Random } from "@heddle/engine/base";
import type { Addresses, NameAnswer } from "./addresses.ts";

/** Records that say less are kept so long: a server with a TTL of 0 is not asked in a circle. */
const MIN_TTL_MS = 1_000;
/** Records that say more are asked for again after so long. */
const MAX_TTL_MS = 3_600_000;
/** After a failure, the name's absence included: doubled with each further one. */
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;
/** Addresses of one family that count. */
const MAX_ADDRESSES = 64;

export interface WatchedNameOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Has `ask` called, now or when others are done. */
  enqueue(name: WatchedName): void;
  lookup(name: string): Promise<NameAnswer>;
  onChange(): void;
  /** It does not resolve, after it did or at first; told once until it does again. */
  onProblem(name: string, error: Error, isKept: boolean): void;
}

/**
 * One name and its last answer.
 *
 *   asking ─(answer)─► known ─(its time is up)─► asking
 *      └─(failure)─► pause, with what was known ─► asking
 */
export class WatchedName {
  readonly name: string;
  /** Null: it never had an answer. */
  addresses: Addresses | null = null;
  private readonly options: WatchedNameOptions;
  private timer: ClockTimer | null = null;
  private failures = 0;
  private isClosed = false;
  private settle: () => void = () => {};
  /** Resolves with the first answer or failure. */
  readonly first: Promise<void>;

  constructor(name: string, options: WatchedNameOptions) {
    this.name = name;
    this.options = options;
    this.first = new Promise((resolve) => (this.settle = resolve));
  }

  async ask(): Promise<void> {
    if (this.isClosed) return;
    try {
      this.answered(await this.options.lookup(this.name));
    } catch (error) {
      this.failed(error as Error);
    }
    this.settle();
  }

  private answered({ ipv4, ipv6, ttlMs }: NameAnswer): void {
    if (this.isClosed) return;
    this.failures = 0;
    this.askIn(Math.min(MAX_TTL_MS, Math.max(MIN_TTL_MS, ttlMs)));
    const before = this.addresses;
    const next = {
      ipv4: ipv4 === null ? (before?.ipv4 ?? []) : settled(ipv4),
      ipv6: ipv6 === null ? (before?.ipv6 ?? []) : settled(ipv6),
    };
    if (JSON.stringify(next) === JSON.stringify(before)) return;
    this.addresses = next;
    this.options.onChange();
  }

  private failed(error: Error): void {
    if (this.isClosed) return;
    if (this.failures++ === 0) this.options.onProblem(this.name, error, this.addresses !== null);
    this.askIn(Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(this.failures - 1, 10)));
  }

  /** Up to a tenth later, so that names which were first asked together are not for ever. */
  private askIn(ms: number): void {
    const { clock, random } = this.options;
    this.timer = clock.after(ms * (1 + 0.1 * random.next()), () => this.options.enqueue(this));
  }

  close(): void {
    this.isClosed = true;
    this.timer?.cancel();
    this.settle();
  }
}

/** Servers turn their answers round: the order says nothing. */
function settled(addresses: readonly string[]): readonly string[] {
  return [...new Set(addresses)].sort().slice(0, MAX_ADDRESSES);
}
