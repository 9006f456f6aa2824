import { findCollector } from "./collector.ts";
import type { Collect } from "./collector.ts";
import type { Marking } from "./marking-watch.ts";

/** A change of fewer units is left to the runtime. */
const UNITS_PER_COLLECTION = 400;
/** Of building from them, in which about as much is made that stays: a megabyte at most. */
const MS_PER_COLLECTION = 5;

/**
 * Collects young objects in small parts while a large change is taken in and built. What it brings stays, so that left
 * to itself V8 would find a whole semi-space of living objects at once, and copy them for 10 to 25 ms while requests
 * wait; in parts it is one to four. While V8 marks old objects it is left to itself: asked for the young ones then, it
 * marks all that is left to mark at once, for 30 to 100 ms.
 */
export class PacedCollector {
  private readonly find: () => Collect | null;
  private readonly marking: Marking;
  private collect: Collect | null = null;
  private units = 0;
  private spentMs = 0;

  constructor(marking: Marking, find: () => Collect | null = findCollector) {
    this.marking = marking;
    this.find = find;
  }

  /** So many units were taken in. */
  take(count: number): void {
    this.units += count;
    if (this.units < UNITS_PER_COLLECTION) return;
    this.units = 0;
    this.collect ??= this.find();
    this.collectYoung();
  }

  /** So long was built, in this turn. */
  build(ms: number): void {
    if (this.collect === null) return;
    this.spentMs += ms;
    if (this.spentMs < MS_PER_COLLECTION) return;
    this.spentMs = 0;
    this.collectYoung();
  }

  private collectYoung(): void {
    if (!this.marking.isMarking) this.collect?.({ type: "minor" });
  }

  /** The change is over. */
  rest(): void {
    this.units = 0;
    this.spentMs = 0;
    this.collect = null;
  }
}
