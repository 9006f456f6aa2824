/**
 * A power of two. A part of a map of 10,000 entries has some three hundred, which are copied in ten microseconds; the more
 * parts, the more of what a look-up reads is not in the processor's cache.
 */
const partCount = 32;
const partBits = 5;
/**
 * So many characters at the end of a key, and so many all along the rest of it, say in which part it is: each costs a
 * look-up a nanosecond or two. With fewer the numbers in long keys could lie between two of them, and all keys in one part.
 */
const lastCharacters = 8;
const otherCharacters = 32;

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
  let at = key.length - 1;
  for (const end = Math.max(0, key.length - lastCharacters); at >= end; at--) hash = mixed(hash, key, at);
  const step = Math.ceil((at + 1) / otherCharacters);
  for (; at >= 0; at -= step) hash = mixed(hash, key, at);
  // The low bits of a product depend on the low bits of each character alone.
  return hash >>> (32 - partBits);
}

const mixed = (hash: number, key: string, at: number): number =>
  Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
