import type { FilterContext } from "@heddle/engine/filter";
import type { Exchange } from "@heddle/engine/message";

/** Nonces of one owner, in the time that one is remembered, per book: none takes all of the table that workers share. */
const maxNonces = 16_384;

/** What each exchange has used: several policies may ask for the one signature of it. */
const usedBy = new WeakMap<Exchange, Set<string>>();

/**
 * Which nonces were used, whichever worker saw them; each is remembered until no request with it could be good any
 * more. Only those of good signatures are written down. One for which there is no room is refused: to forget another
 * early would let its request be sent again.
 */
export class NonceBook {
  private readonly name: string;
  private readonly table: FilterContext["shared"];
  private readonly hash: ReturnType<FilterContext["shared"]["hashFor"]>;
  private readonly lifeMs: number;
  private windowEndsMs = 0;
  private readonly counts = new Map<string, number>();

  /** Books of one name know each other's nonces. `lifeMs`: how long one is remembered. */
  constructor(table: FilterContext["shared"], name: string, lifeMs: number) {
    this.name = name;
    this.table = table;
    this.hash = table.hashFor(name);
    this.lifeMs = lifeMs;
  }

  /** Writes an owner's nonce down. False: another exchange used it, or there is no room. */
  use(exchange: Exchange, owner: string, nonce: string): boolean {
    const key = `${this.name}\n${owner}\n${nonce}`;
    const used = usedBy.get(exchange);
    if (used?.has(key) === true) return true;
    if (!this.write(owner, nonce)) return false;
    if (used === undefined) usedBy.set(exchange, new Set([key]));
    else used.add(key);
    return true;
  }

  private write(owner: string, nonce: string): boolean {
    const { table, hash } = this;
    const nowMs = table.nowMs();
    if (!this.hasRoom(owner, nowMs)) return false;
    hash.begin();
    hash.text(owner);
    hash.text(nonce);
    hash.end();
    const entry = table.take(hash.hi, hash.lo, 0, nowMs, nowMs + this.lifeMs);
    // Of two workers with the same one, one makes it 1.
    return entry >= 0 && table.swap(entry, 0, 1);
  }

  private hasRoom(owner: string, nowMs: number): boolean {
    if (nowMs >= this.windowEndsMs) {
      this.windowEndsMs = nowMs + this.lifeMs;
      this.counts.clear();
    }
    const count = (this.counts.get(owner) ?? 0) + 1;
    this.counts.set(owner, count);
    return count <= maxNonces;
  }
}
