import type { Clock } from "@heddle/engine/base";
import type { DataRef } from "@heddle/engine/filter";
import type { Exchange } from "@heddle/engine/message";
import { RecentMap } from "./recent-map.ts";

/** A key that is not known is asked for this often at most; the main thread has the same bound for all workers. */
const ASK_MS = 30_000;
/** How long a request with a new key waits for it. */
const WAIT_MS = 2_000;
const POLL_MS = 20;
const MAX_WAITING = 64;
const MAX_UNKNOWN = 1_024;

/** An id that turned out to be unknown. */
interface UnknownKey {
  /** Of the set that it was not in. */
  readonly version: number;
  /** When the set may be asked for again. */
  readonly untilMs: number;
}

/**
 * What becomes of tokens whose key is not known: the first has the key set asked for, and waits a little, so that
 * nobody notices that an issuer changed its key. Ids that turned out to be unknown are remembered for as long as the set
 * is the same and is not asked for again, and everybody else is refused at once: unknown ids by the thousand cost no
 * more than one, and an issuer that signs by a key before it shows it is understood half a minute later.
 */
export class KeyWait {
  private readonly data: DataRef;
  private readonly clock: Clock;
  private readonly ask: () => void;
  private readonly unknown = new RecentMap<UnknownKey>(MAX_UNKNOWN);
  private askedMs = Number.NEGATIVE_INFINITY;
  private waiting = 0;

  constructor(data: DataRef, clock: Clock, ask: () => void) {
    this.data = data;
    this.clock = clock;
    this.ask = ask;
  }

  /** Resolves to whether the keys are others now; null: there is nothing to wait for. */
  waitFor(keyId: string, exchange: Exchange): Promise<boolean> | null {
    const { version } = this.data;
    const nowMs = this.clock.now();
    const known = this.unknown.get(keyId);
    if (known !== undefined && known.version === version && nowMs < known.untilMs) return null;
    if (nowMs - this.askedMs >= ASK_MS) {
      this.askedMs = nowMs;
      this.ask();
    }
    const leftMs = this.askedMs + WAIT_MS - nowMs;
    if (leftMs > 0 && this.waiting < MAX_WAITING) return this.poll(keyId, exchange, version);
    this.remember(keyId, version);
    return null;
  }

  private remember(keyId: string, version: number): void {
    this.unknown.set(keyId, { version, untilMs: this.askedMs + ASK_MS });
  }

  private poll(keyId: string, exchange: Exchange, version: number): Promise<boolean> {
    const endMs = this.askedMs + WAIT_MS;
    this.waiting++;
    return new Promise((resolve) => {
      const look = (): void => {
        const isNew = this.data.version !== version;
        if (!isNew && !exchange.isEnded && this.clock.now() < endMs) {
          this.clock.after(POLL_MS, look);
          return;
        }
        this.waiting--;
        if (!isNew) this.remember(keyId, version);
        resolve(isNew);
      };
      this.clock.after(POLL_MS, look);
    });
  }
}
