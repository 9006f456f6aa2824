/**
 * Gives each key (a route, a cluster, an endpoint) a small index into shared memory, and takes it back safely.
 *
 *   free → live (allocate) → released (release) → free, when every worker has confirmed that version or a newer one
 *                   ↑____________│ allocate again: the same index, its counts go on
 *
 * Invariant: an index is never given to another key while a worker may still count under the first. The lowest free
 * index goes first, so that segments stay dense. Index 0 is never given out.
 */
export class IndexAllocator {
  private readonly live = new Map<string, number>();
  private readonly released = new Map<string, { index: number; version: number }>();
  private readonly confirmed = new Map<number, number>();
  /** Descending, so that `pop` gives the lowest. */
  private readonly free: number[] = [];
  private next = 1;

  /** The key's index; the same until it is released and every worker has moved on. */
  allocate(key: string): number {
    const index = this.live.get(key) ?? this.revive(key) ?? this.free.pop() ?? this.next++;
    this.live.set(key, index);
    return index;
  }

  /** Undefined for a key that is not live. */
  indexOf(key: string): number | undefined {
    return this.live.get(key);
  }

  /** The key is in no Snapshot from `version` on. Unknown keys are ignored. */
  release(key: string, version: number): void {
    const index = this.live.get(key);
    if (index === undefined) return;
    this.live.delete(key);
    this.released.set(key, { index, version });
  }

  /** A worker that starts from Snapshot `version`: keys released by then are unknown to it. */
  addWorker(worker: number, version: number): void {
    this.confirmed.set(worker, version);
  }

  /** A worker that is gone holds nothing back. Reclaim follows with the next `confirm` or `reclaim`. */
  removeWorker(worker: number): void {
    this.confirmed.delete(worker);
  }

  /**
   * The worker counts nothing any more under indexes that only versions before `version` hold: it has swapped,
   * and exchanges that began before are over, or it reports the oldest version that one of them still holds.
   * Returns indexes that came free.
   */
  confirm(worker: number, version: number): number[] {
    const before = this.confirmed.get(worker);
    if (before === undefined || before >= version) return [];
    this.confirmed.set(worker, version);
    return this.reclaim();
  }

  /** Frees what no worker holds; returns those indexes. Without workers that is all that was released. */
  reclaim(): number[] {
    const reached = Math.min(...this.confirmed.values());
    const freed: number[] = [];
    for (const [key, { index, version }] of this.released) {
      if (version > reached) continue;
      this.released.delete(key);
      freed.push(index);
    }
    if (freed.length > 0) {
      this.free.push(...freed);
      this.free.sort((a, b) => b - a);
    }
    return freed;
  }

  /** Live keys and those released but not yet free, with their indexes. */
  *held(): IterableIterator<[key: string, index: number]> {
    yield* this.live;
    for (const [key, { index }] of this.released) yield [key, index];
  }

  /** Live keys with their indexes. */
  entries(): IterableIterator<[key: string, index: number]> {
    return this.live.entries();
  }

  /** One more than the highest index ever given out. */
  get size(): number {
    return this.next;
  }

  private revive(key: string): number | undefined {
    const index = this.released.get(key)?.index;
    this.released.delete(key);
    return index;
  }
}
