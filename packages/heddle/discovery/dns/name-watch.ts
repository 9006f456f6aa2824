import type { Clock, Random } from "@heddle/engine/base";
import type { Addresses, AddressLookup } from "./addresses.ts";
import { WatchedName, type WatchedNameOptions } from "./watched-name.ts";

/** Names asked for at a time. */
const MAX_LOOKUPS = 16;
/** Names that are watched; what is beyond is resolved by the system with each connection. */
const MAX_NAMES = 4_096;
/** How long the first configuration waits for the first answers. */
const FIRST_ANSWERS_MS = 1_000;

export interface NameWatchOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly lookup: AddressLookup;
  /** Some name has other addresses than before. */
  onChange(): void;
  /** A name does not resolve; told once until it does again. `isKept`: its last addresses stay. */
  onProblem(name: string, error: Error, isKept: boolean): void;
}

/**
 * Knows the addresses of names, and asks for each again when its records have run out. A name that does not resolve
 * keeps the addresses that it had; one that never did has none.
 */
export class NameWatch {
  private readonly options: NameWatchOptions;
  private readonly names = new Map<string, WatchedName>();
  private readonly waiting: WatchedName[] = [];
  private running = 0;
  private isSettling = false;

  constructor(options: NameWatchOptions) {
    this.options = options;
  }

  /** From now on these, and no others. Resolves when new ones have had an answer, or after a second. */
  async want(names: ReadonlySet<string>): Promise<void> {
    for (const [name, watched] of this.names) {
      if (names.has(name)) continue;
      watched.close();
      this.names.delete(name);
    }
    const fresh = [...names].filter((name) => !this.names.has(name)).slice(0, MAX_NAMES - this.names.size);
    if (fresh.length === 0) return;
    this.isSettling = true;
    await this.firstOrTime(fresh.map((name) => this.watch(name).first));
    this.isSettling = false;
  }

  private firstOrTime(answers: readonly Promise<void>[]): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.options.clock.after(FIRST_ANSWERS_MS, resolve);
      void Promise.all(answers).then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  private watch(name: string): WatchedName {
    const { clock, random, lookup, onProblem } = this.options;
    const own: WatchedNameOptions = {
      clock,
      random,
      lookup,
      enqueue: (watched) => this.enqueue(watched),
      // Who waits for the first answers looks at all of them.
      onChange: () => this.isSettling || this.options.onChange(),
      onProblem,
    };
    const watched = new WatchedName(name, own);
    this.names.set(name, watched);
    this.enqueue(watched);
    return watched;
  }

  private enqueue(watched: WatchedName): void {
    this.waiting.push(watched);
    this.next();
  }

  private next(): void {
    while (this.running < MAX_LOOKUPS) {
      const watched = this.waiting.shift();
      if (watched === undefined) return;
      this.running++;
      void watched.ask().then(() => {
        this.running--;
        this.next();
      });
    }
  }

  /** Null: it is not watched, or never resolved. */
  addressesOf(name: string): Addresses | null {
    return this.names.get(name)?.addresses ?? null;
  }

  close(): void {
    for (const watched of this.names.values()) watched.close();
    this.names.clear();
    this.waiting.length = 0;
  }
}
