/** A part of a map of 10,000 entries has some eighty: copied in a few microseconds. */
const partCount = 128;
/** Longer keys are told apart by their ends, so that a look-up costs no more the longer what a client sends. */
const hashedLength = 32;

/** A plain map of no more is copied in some tens of microseconds, and costs a look-up nothing. */
export const mostInOneMap = 512;

/**
 * A map of many texts that is cheap to change while others have it too. Its entries lie in parts, chosen by a hash; one
 * that is made of another shares the parts with it, and copies those that it changes. Who has been shared is changed no
 * more.
 */
export class PartedMap<V> {
  private readonly parts: Map<string, V>[];
  /** 1: nobody else has the part. */
  private readonly isOwn: Uint8Array;
  private count: number;

  constructor(base: PartedMap<V> | null = null) {
    this.parts = base === null ? Array.from({ length: partCount }, () => new Map()) : base.parts.slice();
    this.isOwn = new Uint8Array(partCount).fill(base === null ? 1 : 0);
    this.count = base === null ? 0 : base.count;
  }

  static of<V>(entries: ReadonlyMap<string, V>): PartedMap<V> {
    const map = new PartedMap<V>();
    for (const [key, value] of entries) map.set(key, value);
    return map;
  }

  get size(): number {
    return this.count;
  }

  /** How many entries are copied for one that changes, at worst. */
  get largestPart(): number {
    return Math.max(...this.parts.map(({ size }) => size));
  }

  get(key: string): V | undefined {
    return this.parts[partOf(key)].get(key);
  }

  set(key: string, value: V): void {
    const part = this.ownPart(key);
    const before = part.size;
    part.set(key, value);
    this.count += part.size - before;
  }

  delete(key: string): void {
    if (this.ownPart(key).delete(key)) this.count--;
  }

  private ownPart(key: string): Map<string, V> {
    const at = partOf(key);
    if (this.isOwn[at] === 0) {
      this.isOwn[at] = 1;
      this.parts[at] = new Map(this.parts[at]);
    }
    return this.parts[at];
  }
}

function partOf(key: string): number {
  let hash = key.length;
  for (let at = Math.max(0, key.length - hashedLength); at < key.length; at++) {
    hash = (Math.imul(hash, 31) + key.charCodeAt(at)) | 0;
  }
  return hash & (partCount - 1);
}
