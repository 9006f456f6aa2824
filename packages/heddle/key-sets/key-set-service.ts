import type { Clock, Random } from "@heddle/engine/base";
import type { DataUnit } from "@heddle/engine/model";
import type { KeySource } from "../compile/index.ts";
import type { FetchedKeySet } from "./fetch-key-set.ts";
import { KeySetKeeper, type KeySetRequest } from "./key-set-keeper.ts";

export interface KeySetServiceOptions {
  readonly clock: Clock;
  readonly random: Random;
  fetch(source: KeySource, signal: AbortSignal): Promise<FetchedKeySet>;
  /** Keys are others than those that `units` gave before. */
  refresh(): void;
  log(level: "warn", message: string): void;
}

/** How long a configuration waits for sets that are new in it, so that a start lets nobody down whose issuer answers. */
const FIRST_WAIT_MS = 2_000;

/** All key sets that policies name. */
export class KeySetService {
  private readonly options: KeySetServiceOptions;
  private readonly keepers = new Map<string, KeySetKeeper>();
  private readonly end = new AbortController();
  /** Told already: what goes on is told once. */
  private readonly told = new Map<string, string>();
  private isReporting = false;

  constructor(options: KeySetServiceOptions) {
    this.options = options;
  }

  /** Takes over which sets there are. Resolves when new ones have been asked for once, or two seconds have passed. */
  async want(requests: readonly KeySetRequest[]): Promise<void> {
    if (this.end.signal.aborted) return;
    const wanted = new Map(requests.map((request) => [request.name, request]));
    for (const [name, keeper] of this.keepers) {
      const request = wanted.get(name);
      if (request !== undefined && isSame(request.source, keeper.source)) continue;
      keeper.close();
      this.keepers.delete(name);
      this.told.delete(name);
    }
    // What comes while the configuration waits for it is in that configuration.
    this.isReporting = false;
    const fresh = [...wanted.values()].flatMap((request) => this.keep(request) ?? []);
    if (fresh.length > 0) await this.firstOf(fresh);
    this.isReporting = true;
  }

  private keep({ name, source }: KeySetRequest): KeySetKeeper | null {
    if (this.keepers.has(name)) return null;
    const { clock, random } = this.options;
    const keeper = new KeySetKeeper(source, {
      clock,
      random,
      fetch: (of) => this.options.fetch(of, this.end.signal),
      onChanged: () => {
        this.told.delete(name);
        if (this.isReporting) this.options.refresh();
      },
      onFailed: (message, isKept) =>
        this.tell(
          name,
          `keys cannot be fetched: ${message}; ${isKept ? "the last ones stay in use" : "until they are, tokens of their issuers are refused"}`,
        ),
      onSkipped: (message) => this.tell(`${name} ${message}`, message),
    });
    this.keepers.set(name, keeper);
    return keeper;
  }

  private firstOf(keepers: readonly KeySetKeeper[]): Promise<unknown> {
    const { clock } = this.options;
    const all = Promise.all(keepers.map(({ tried }) => tried));
    return new Promise((resolve) => {
      const timer = clock.after(FIRST_WAIT_MS, () => resolve(undefined));
      void all.then(() => {
        timer.cancel();
        resolve(undefined);
      });
    });
  }

  private tell(about: string, message: string): void {
    if (this.told.get(about) === message) return;
    this.told.set(about, message);
    this.options.log("warn", message);
  }

  /** A worker lacks a key of that set. */
  wantKey(name: string): void {
    this.keepers.get(name)?.want();
  }

  /** The sets that are there. */
  get units(): readonly DataUnit[] {
    return [...this.keepers].flatMap(([name, { data }]) =>
      data === null ? [] : [{ kind: "data" as const, name, value: data }],
    );
  }

  close(): void {
    this.end.abort();
    for (const keeper of this.keepers.values()) keeper.close();
  }
}

const isSame = (a: KeySource, b: KeySource): boolean => a.url === b.url && a.caPem === b.caPem;
