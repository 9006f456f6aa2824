/** When each answered request was due, and how long from then to the last byte of its answer. */
export interface Answered {
  readonly dueMs: Float64Array;
  readonly latencyMs: Float64Array;
}

/** Grows without objects: hundreds of thousands of them would be garbage to collect in the middle of a swap. */
export class AnswerLog {
  #dueMs = new Float64Array(1 << 18);
  #latencyMs = new Float64Array(1 << 18);
  length = 0;

  add(dueMs: number, latencyMs: number): void {
    if (this.length === this.#dueMs.length) this.#grow();
    this.#dueMs[this.length] = dueMs;
    this.#latencyMs[this.length++] = latencyMs;
  }

  all(): Answered {
    return {
      dueMs: this.#dueMs.slice(0, this.length),
      latencyMs: this.#latencyMs.slice(0, this.length),
    };
  }

  #grow(): void {
    const [dueMs, latencyMs] = [this.#dueMs, this.#latencyMs];
    this.#dueMs = new Float64Array(2 * this.length);
    this.#latencyMs = new Float64Array(2 * this.length);
    this.#dueMs.set(dueMs);
    this.#latencyMs.set(latencyMs);
  }
}
