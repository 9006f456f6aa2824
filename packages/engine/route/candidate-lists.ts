import type { Candidate } from "./candidate.ts";
import { mostInOneMap, PartedMap } from "./parted-map.ts";
import { withCandidate, without } from "./precedence.ts";

/**
 * Lists of candidates by key, each in order of precedence. Made from others it shares what is the same with them, and
 * neither changes the other.
 */
export class CandidateLists<T> {
  private few: Map<string, Candidate<T>[]>;
  /** Instead of them, once they are more. */
  private many: PartedMap<Candidate<T>[]> | null;
  private readonly isDerived: boolean;
  /** The map is this object's own; its lists are only where nothing was derived. */
  private isOwn: boolean;

  constructor(base: CandidateLists<T> | null = null) {
    this.isDerived = base !== null;
    this.isOwn = base === null;
    this.few = base === null ? new Map() : base.few;
    this.many = base === null ? null : base.many;
  }

  get isEmpty(): boolean {
    return this.few.size === 0 && (this.many === null || this.many.size === 0);
  }

  get(key: string): readonly Candidate<T>[] | undefined {
    return this.listOf(key);
  }

  private listOf(key: string): Candidate<T>[] | undefined {
    return this.many === null ? this.few.get(key) : this.many.get(key);
  }

  insert(key: string, candidate: Candidate<T>): void {
    this.own();
    const known = this.listOf(key);
    const list = withCandidate(known, candidate, this.isDerived);
    if (list !== known) this.put(key, list);
  }

  remove(key: string, candidate: Candidate<T>): void {
    this.own();
    const list = without(this.listOf(key)!, candidate);
    if (list.length > 0) this.put(key, list);
    else if (this.many === null) this.few.delete(key);
    else this.many.delete(key);
  }

  private put(key: string, list: Candidate<T>[]): void {
    if (this.many !== null) this.many.set(key, list);
    else {
      this.few.set(key, list);
      if (this.few.size <= mostInOneMap) return;
      this.many = PartedMap.of(this.few);
      this.few = new Map();
    }
  }

  private own(): void {
    if (this.isOwn) return;
    this.isOwn = true;
    if (this.many === null) this.few = new Map(this.few);
    else this.many = new PartedMap(this.many);
  }
}
