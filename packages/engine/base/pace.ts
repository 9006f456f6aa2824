export interface PaceOptions {
  /** Milliseconds of work between two rests. Default 0.25. */
  readonly sliceMs?: number;
  /** Milliseconds that a rest sleeps, the event loop included; 0: it does not. Default 0.1. */
  readonly napMs?: number;
  /** Milliseconds until the event loop has a turn; with naps of 0 it has one at each rest. Default 10. */
  readonly loopMs?: number;
}

/**
 * Work in short slices, for the sake of others. A kernel lets a thread that has begun go on for milliseconds, also where
 * one that is waked up, such as a worker with a request, has to wait for that: a thread that sleeps for a moment is
 * passed at once.
 */
export class Pace {
  readonly #sliceMs: number;
  readonly #napMs: number;
  readonly #loopMs: number;
  readonly #nobody = new Int32Array(new SharedArrayBuffer(4));
  #sliceEndMs = 0;
  #loopEndMs = 0;

  constructor({ sliceMs = 0.25, napMs = 0.1, loopMs = 10 }: PaceOptions = {}) {
    this.#sliceMs = sliceMs;
    this.#napMs = napMs;
    this.#loopMs = napMs === 0 ? 0 : loopMs;
  }

  /** To be called between two steps of work: rests where a slice is over. To be awaited where it gives a promise. */
  rest(): Promise<void> | undefined {
    const nowMs = performance.now();
    if (nowMs < this.#sliceEndMs) return undefined;
    if (nowMs >= this.#loopEndMs) return this.#turn();
    Atomics.wait(this.#nobody, 0, 0, this.#napMs);
    this.#sliceEndMs = performance.now() + this.#sliceMs;
    return undefined;
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => {
      setImmediate(() => {
        const nowMs = performance.now();
        this.#sliceEndMs = nowMs + this.#sliceMs;
        this.#loopEndMs = nowMs + this.#loopMs;
        resolve();
      });
    });
  }
}
