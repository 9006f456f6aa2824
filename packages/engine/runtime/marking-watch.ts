import { constants, PerformanceObserver } from "node:perf_hooks";
import type { PerformanceEntry } from "node:perf_hooks";

/** Whether the runtime is in the middle of a collection of old objects. */
export interface Marking {
  readonly isMarking: boolean;
}

interface Collection extends PerformanceEntry {
  readonly detail: { readonly kind: number };
}

/** What the runtime says of this thread's collections; heard a turn of the event loop later. */
export class MarkingWatch implements Marking {
  isMarking = false;
  private readonly observer: PerformanceObserver;

  constructor() {
    this.observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) this.heard((entry as Collection).detail.kind);
    });
    this.observer.observe({ entryTypes: ["gc"] });
  }

  private heard(kind: number): void {
    if (kind === constants.NODE_PERFORMANCE_GC_INCREMENTAL) this.isMarking = true;
    else if (kind === constants.NODE_PERFORMANCE_GC_MAJOR) this.isMarking = false;
  }

  close(): void {
    this.observer.disconnect();
  }
}
