import type { FilterContext } from "@heddle/engine/filter";

/** Nonces of one key, in the time that one is remembered, per worker: no key takes all of the table that workers share. */
const maxNonces = 16_384;

/**
 * Which nonces were used, whichever worker saw them; each is remembered until no signature with it could be good any
 * more. Only those of good signatures are written down. One for which there is no room is refused: to forget another
 * early would let its request be sent again.
 */
export class NonceBook {
  private readonly table: FilterContext["shared"];
  private readonly hash: ReturnType<FilterContext["shared"]["hashFor"]>;
  private readonly lifeMs: number;
  private windowEndsMs = 0;
  private readonly counts = new Map<string, number>();

  /** `lifeMs`: how long one is remembered. */
  constructor(table: FilterContext["shared"], lifeMs: number) {
    this.table = table;
    this.hash = table.hashFor("http-signatures nonce");
    this.lifeMs = lifeMs;
  }

  /** Writes a nonce down. False: it was used before, or there is no room. */
  use(keyId: string, nonce: string): boolean {
    const { table, hash } = this;
    const nowMs = table.nowMs();
    if (!this.hasRoom(keyId, nowMs)) return false;
    hash.begin();
    hash.text(keyId);
    hash.text(nonce);
    hash.end();
    const entry = table.take(hash.hi, hash.lo, 0, nowMs, nowMs + this.lifeMs);
    // Of two workers with the same one, one makes it 1.
    return entry >= 0 && table.swap(entry, 0, 1);
  }

  private hasRoom(keyId: string, nowMs: number): boolean {
    if (nowMs >= this.windowEndsMs) {
      this.windowEndsMs = nowMs + this.lifeMs;
      this.counts.clear();
    }
    const count = (this.counts.get(keyId) ?? 0) + 1;
    this.counts.set(keyId, count);
    return count <= maxNonces;
  }
}
