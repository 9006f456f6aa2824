import type { Candidate } from "./candidate.ts";
import { copyInSteps } from "./copy-in-steps.ts";
import { withCandidate, without } from "./precedence.ts";

/**
 * Lists of candidates by key, each in order of precedence. Made from others it shares what is the same with them, and
 * neither changes the other.
 */
export class CandidateLists<T> {
  private lists: Map<string, Candidate<T>[]>;
  private readonly isDerived: boolean;
  /** The map is this object's own; its lists are only where nothing was derived. */
  private isOwn: boolean;

  constructor(base: CandidateLists<T> | null = null) {
    this.isDerived = base !== null;
    this.isOwn = base === null;
    this.lists = base === null ? new Map() : base.lists;
  }

  get isEmpty(): boolean {
    return this.lists.size === 0;
  }

  get(key: string): readonly Candidate<T>[] | undefined {
    return this.lists.get(key);
  }

  *insert(key: string, candidate: Candidate<T>): Generator<void> {
    if (!this.isOwn) yield* this.own();
    const known = this.lists.get(key);
    const list = withCandidate(known, candidate, this.isDerived);
    if (list !== known) this.lists.set(key, list);
  }

  *remove(key: string, candidate: Candidate<T>): Generator<void> {
    if (!this.isOwn) yield* this.own();
    const list = without(this.lists.get(key)!, candidate);
    if (list.length === 0) this.lists.delete(key);
    else this.lists.set(key, list);
  }

  private *own(): Generator<void> {
    this.lists = yield* copyInSteps(this.lists);
    this.isOwn = true;
  }
}
