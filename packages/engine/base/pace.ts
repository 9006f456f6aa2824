export interface PaceOptions {
  /** Milliseconds of work between two rests. Once 50 such slices are done they grow with the work, to forty times that. Default 0.1. */
  readonly sliceMs?: number;
  /**
   * Milliseconds that a rest sleeps, the event loop included; an eighth of that once 100 slices are done. 0: it does not.
   * Default 0.5.
   */
  readonly napMs?: number;
  /** Milliseconds until the event loop has a turn; with naps of 0 it has one at each rest. Default 10. */
  readonly loopMs?: number;
  /** Milliseconds. Default: `performance.now`. */
  readonly now?: () => number;
  /** Has the thread sleep. Default: `Atomics.wait`. */
  readonly sleep?: (ms: number) => void;
}

const nobody = new Int32Array(new SharedArrayBuffer(4));
const sleep = (ms: number): void => void Atomics.wait(nobody, 0, 0, ms);

/** Who comes back so long after the end of a slice has done something else meanwhile, or nothing. */
const pauseMs = 20;

/**
 * Work in short slices, for the sake of others. A kernel lets a thread that has begun go on for milliseconds, also where
 * one that is waked up, such as a worker with a request, has to wait for that: a thread that sleeps for a moment is
 * passed at once. Where there is much to do, such as all of a new configuration, rests become shorter and
 * rarer: it is to end as well.
 */
export class Pace {
  readonly #sliceMs: number;
  readonly #napMs: number;
  readonly #loopMs: number;
  readonly #now: () => number;
  readonly #sleep: (ms: number) => void;
  #sliceEndMs = 0;
  #loopEndMs = 0;
  /** Of the work that is being done. */
  #sliceStartMs = 0;
  #workedMs = 0;

  constructor(options: PaceOptions = {}) {
    const { sliceMs = 0.1, napMs = 0.5, loopMs = 10 } = options;
    this.#now = options.now ?? (() => performance.now());
    this.#sleep = options.sleep ?? sleep;
    this.#sliceMs = sliceMs;
    this.#napMs = napMs;
    this.#loopMs = napMs === 0 ? 0 : loopMs;
  }

  /** To be called between two steps of work: rests where a slice is over. To be awaited where it gives a promise. */
  rest(): Promise<void> | undefined {
    const nowMs = this.#now();
    if (nowMs < this.#sliceEndMs) return undefined;
    const isOther = nowMs - this.#sliceEndMs > pauseMs;
    this.#workedMs = isOther ? 0 : this.#workedMs + nowMs - this.#sliceStartMs;
    if (nowMs >= this.#loopEndMs) return this.#turn();
    this.#sleep(this.#workedMs < this.#sliceMs * 100 ? this.#napMs : this.#napMs / 8);
    this.#begin(this.#now());
    return undefined;
  }

  #begin(nowMs: number): void {
    this.#sliceStartMs = nowMs;
    const grownMs = Math.min(this.#workedMs / 50, this.#sliceMs * 40);
    this.#sliceEndMs = nowMs + Math.max(this.#sliceMs, grownMs);
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => {
      setImmediate(() => {
        const nowMs = this.#now();
        this.#begin(nowMs);
        this.#loopEndMs = nowMs + this.#loopMs;
        resolve();
      });
    });
  }
}
