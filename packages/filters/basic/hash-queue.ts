type Check = (password: string, hash: string) => Promise<boolean>;

interface Waiting {
  readonly client: string;
  readonly start: () => void;
}

/** Of one worker. A check takes a core for tens of milliseconds. */
const maxRunning = 1;
const maxWaiting = 64;
/** Of one client's address: who tries passwords does not take all places. */
const maxPerClient = 4;

/**
 * Checks passwords against slow hashes, beside the event loop, one at a time: a flood of bad passwords costs each worker
 * one thread at most, and whoever finds no place is told to come again, before anything is hashed.
 */
export class HashQueue {
  private readonly check: Check;
  private running = 0;
  private readonly waiting: Waiting[] = [];
  private readonly byClient = new Map<string, number>();

  constructor(check: Check) {
    this.check = check;
  }

  /** Null: there is no place. Whoever has ended by its turn is not checked. */
  verify(client: string, password: string, hash: string, signal: AbortSignal): Promise<boolean> | null {
    const count = this.byClient.get(client) ?? 0;
    if (count >= maxPerClient || this.waiting.length >= maxWaiting) return null;
    this.byClient.set(client, count + 1);
    return this.run(client, password, hash, signal);
  }

  private async run(client: string, password: string, hash: string, signal: AbortSignal): Promise<boolean> {
    try {
      if (this.running >= maxRunning)
        await new Promise<void>((start) => this.waiting.push({ client, start }));
      else this.running++;
      try {
        return !signal.aborted && (await this.check(password, hash));
      } finally {
        // The place goes to the next, if there is one.
        const next = this.waiting.shift();
        if (next === undefined) this.running--;
        else next.start();
      }
    } finally {
      const left = this.byClient.get(client)! - 1;
      if (left === 0) this.byClient.delete(client);
      else this.byClient.set(client, left);
    }
  }
}
