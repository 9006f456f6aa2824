/** Knows where it is in a `ConnectionTable`; of one that is in none, `place` says nothing. */
export interface Placed {
  /** @internal the table's alone */
  place: number;
}

/**
 * The open connections of a listener, in no order. In place of a Set: one that members come to and go from all the time
 * makes its table anew again and again, and an old table that V8 has promoted keeps the next one, and all members in it,
 * from being collected young (wire/http2/stream-table.ts has the same of streams).
 *
 * Invariant: `items[item.place] === item` for each member. The last one fills the gap of one that goes.
 */
export class ConnectionTable<T extends Placed> {
  private readonly items: T[] = [];

  get size(): number {
    return this.items.length;
  }

  has(item: T): boolean {
    return this.items[item.place] === item;
  }

  /** One that is in no table. */
  add(item: T): void {
    item.place = this.items.length;
    this.items.push(item);
  }

  /** `to` takes the place of a member. */
  replace(from: T, to: T): void {
    to.place = from.place;
    this.items[from.place] = to;
  }

  /** Whether it was a member. */
  delete(item: T): boolean {
    if (!this.has(item)) return false;
    const last = this.items.pop()!;
    if (last !== item) {
      last.place = item.place;
      this.items[item.place] = last;
    }
    return true;
  }

  /** Those that are in the table now, whatever becomes of it meanwhile. */
  toArray(): T[] {
    return this.items.slice();
  }
}
