import { createHash } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type { Clock } from "@heddle/engine/base";
import { ExpiringMap } from "../expiring-map/index.ts";
import { SESSION_OVER } from "./provider.ts";
import type { Tokens } from "./provider.ts";

/** What came of a refresh. */
export type Refreshed = Tokens | typeof SESSION_OVER;

/** How long requests that still come with the old cookie get the new tokens. */
const RESULT_TTL_MS = 60_000;
const MAX_RESULTS = 4_096;
/** The lock is kept so long after a result was told, so that whoever gets it next has heard of it. */
const AFTERGLOW_MS = 1_000;
/** How long a worker waits for what another is fetching. */
const FOREIGN_RESULT_MS = 12_000;

/**
 * Refreshes each session once, whichever worker its requests come to: a provider that rotates refresh tokens takes the
 * second use of one for theft, and ends the session. Within a worker requests share a promise; among workers a lock by
 * the token's digest says who asks, and a channel of the process tells the others what came of it.
 */
export class Refresher {
  private readonly clock: Clock;
  private readonly results = new ExpiringMap<Refreshed>(MAX_RESULTS);
  private readonly underWay = new Map<string, Promise<Refreshed>>();
  private readonly waiting = new Map<string, (() => void)[]>();
  private readonly channel: BroadcastChannel;

  constructor(clock: Clock, channelName: string = "heddle oidc refresh") {
    this.clock = clock;
    this.channel = new BroadcastChannel(channelName);
    this.channel.addEventListener("message", ({ data }) => {
      const { key, result } = data as { key: string; result: Refreshed | null };
      this.keep(key, result);
    });
    // It keeps no process alive.
    (this.channel as unknown as { unref(): void }).unref();
  }

  close(): void {
    this.channel.close();
  }

  /** `fetch` asks the provider. Rejects when it does. */
  refresh(refreshToken: string, fetch: () => Promise<Refreshed>): Promise<Refreshed> {
    const key = createHash("sha256").update(refreshToken).digest("base64url");
    const known = this.results.get(key, this.clock.now());
    if (known !== undefined) return Promise.resolve(known);
    const before = this.underWay.get(key);
    if (before !== undefined) return before;
    const made = this.fetchOnce(key, fetch).finally(() => this.underWay.delete(key));
    this.underWay.set(key, made);
    return made;
  }

  private async fetchOnce(key: string, fetch: () => Promise<Refreshed>): Promise<Refreshed> {
    const first = await this.withLock(key, true, fetch);
    if (first !== null) return first;
    await this.heard(key);
    const known = this.results.get(key, this.clock.now());
    // The other worker failed, or died: now it is this one's turn.
    return known ?? (await this.withLock(key, false, fetch))!;
  }

  /** Resolves as soon as the result is there; the lock is kept a little longer. Null: another has the lock. */
  private withLock(
    key: string,
    ifAvailable: boolean,
    fetch: () => Promise<Refreshed>,
  ): Promise<Refreshed | null> {
    const { promise, resolve, reject } = Promise.withResolvers<Refreshed | null>();
    navigator.locks
      .request(`heddle oidc ${key}`, { ifAvailable }, async (lock: unknown) => {
        if (lock === null) {
          resolve(null);
          return;
        }
        const known = this.results.get(key, this.clock.now());
        if (known !== undefined) {
          resolve(known);
          return;
        }
        let result: Refreshed | null = null;
        try {
          result = await fetch();
        } finally {
          // Of a failure too: others need not wait for what does not come.
          this.keep(key, result);
          this.channel.postMessage({ key, result });
        }
        resolve(result);
        await wait(AFTERGLOW_MS, undefined, { ref: false });
      })
      .catch(reject);
    return promise;
  }

  private keep(key: string, result: Refreshed | null): void {
    if (result !== null) this.results.set(key, result, this.clock.now() + RESULT_TTL_MS);
    const waiting = this.waiting.get(key);
    this.waiting.delete(key);
    for (const go of waiting ?? []) go();
  }

  /** Waits until the result of that key is told, or for too long. */
  private async heard(key: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const list = this.waiting.get(key) ?? [];
    list.push(resolve);
    this.waiting.set(key, list);
    const timer = this.clock.after(FOREIGN_RESULT_MS, resolve);
    await promise;
    timer.cancel();
    this.waiting.delete(key);
  }
}
