import { createHash } from "node:crypto";
import type { Clock, Random } from "@heddle/engine/base";
import type { DataUnit } from "@heddle/engine/model";
import type { KeySource } from "../compile/index.ts";
import type { FetchedKeySet } from "./fetch-key-set.ts";
import { KeySetKeeper, type KeptKeySet, type KeySetRequest, type KeySetState } from "./key-set-keeper.ts";
import { MAX_KEPT_MS } from "./schedule.ts";

export interface KeySetServiceOptions {
  readonly clock: Clock;
  readonly random: Random;
  fetch(source: KeySource, signal: AbortSignal): Promise<FetchedKeySet>;
  /** What the process before kept, by the name of its set. */
  readonly kept: ReadonlyMap<string, SavedKeySet>;
  /** Keeps the sets over a restart: all that were ever fetched, of those that are wanted. */
  keep(sets: ReadonlyMap<string, SavedKeySet>): void;
  /** Keys are others than those that `units` gave before, or what `statesOf` says is. */
  refresh(): void;
  log(level: "info" | "warn", message: string): void;
}

/** A set as it is kept, with where it is from: a set from elsewhere under the same name is none. */
export interface SavedKeySet extends KeptKeySet {
  /** SHA-256 of its source. */
  readonly source: string;
}

/** What metrics say of the sets at a place: two that differ in their query or roots are one. */
export interface KeySetCounts {
  /** Its URL without the query. */
  readonly place: string;
  readonly ok: number;
  readonly failed: number;
  /** Of the oldest keys in use; null where there are none. */
  readonly ageMs: number | null;
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
    const { clock, random, kept } = this.options;
    const saved = kept.get(name);
    const keeper: KeySetKeeper = new KeySetKeeper(source, {
      clock,
      random,
      kept: saved !== undefined && saved.source === digestOf(source) ? saved : null,
      fetch: async (of) => this.options.fetch(of, this.end.signal),
      onChanged: () => this.changed(name, keeper),
      onFetched: () => this.save(),
      onSkipped: (message) => this.tellOnce(`${name} ${message}`, message),
    });
    this.keepers.set(name, keeper);
    return keeper;
  }

  private changed(name: string, { place, state }: KeySetKeeper): void {
    if (state.message !== "")
      this.tellOnce(name, `keys cannot be fetched: ${state.message}; ${consequenceOf(state)}`);
    else if (this.told.delete(name)) this.options.log("info", `keys are fetched again: ${place}`);
    if (this.isReporting) this.options.refresh();
  }

  private save(): void {
    const sets = [...this.keepers].flatMap(([name, { kept, source }]) =>
      kept === null ? [] : [[name, { ...kept, source: digestOf(source) }] as const],
    );
    this.options.keep(new Map(sets));
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

  private tellOnce(about: string, message: string): void {
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

  /** How the set of that name is; null where nobody wants it. */
  stateOf(name: string): KeySetState | null {
    return this.keepers.get(name)?.state ?? null;
  }

  /** By place, in no order. */
  get counts(): readonly KeySetCounts[] {
    const counts = new Map<string, KeySetCounts>();
    for (const { place, fetches, ageMs } of this.keepers.values()) {
      const { ok = 0, failed = 0, ageMs: other = null } = counts.get(place) ?? {};
      const oldestMs = ageMs === null ? other : Math.max(ageMs, other ?? 0);
      counts.set(place, {
        place,
        ok: ok + fetches.ok,
        failed: failed + fetches.failed,
        ageMs: oldestMs,
      });
    }
    return [...counts.values()];
  }

  close(): void {
    this.end.abort();
    for (const keeper of this.keepers.values()) keeper.close();
  }
}

const isSame = (a: KeySource, b: KeySource): boolean => a.url === b.url && a.caPem === b.caPem;

const digestOf = ({ url, caPem }: KeySource): string =>
  createHash("sha256")
    .update(JSON.stringify([url, caPem]))
    .digest("base64url");

/** What follows from a set that cannot be fetched, for those who look after the gateway. */
export function consequenceOf({ fetchedMs }: KeySetState): string {
  if (fetchedMs === null) return "until they are, tokens of their issuers are refused";
  return `those of ${timeText(fetchedMs)} stay in use, until ${timeText(fetchedMs + MAX_KEPT_MS)}`;
}

const timeText = (wallMs: number): string => new Date(wallMs).toISOString().replace(/\.\d+Z$/, "Z");
