import type { Exchange } from "@heddle/engine/message";
import type { Limit } from "./limit.ts";
import type { Use } from "./meters/meter.ts";
import type { LimitStore, StoreAnswer, StoreQuestion } from "./store.ts";

/** The limits of one exchange that a store counts: what it is asked, and what its answers make of their uses. */
export class StoreLimits {
  readonly questions: StoreQuestion[] = [];
  /** By question, the place of its limit. */
  readonly places: number[] = [];

  constructor(limits: readonly Limit[], uses: readonly (Use | null)[], exchange: Exchange) {
    for (let at = 0; at < limits.length; at++) {
      const use = uses[at];
      const { meter, isShadow } = limits[at].config;
      if (use === null || meter.kind === "concurrency") continue;
      this.places.push(at);
      this.questions.push({ key: limits[at].storeKey(exchange), meter, cost: use.cost, isShadow });
    }
  }

  /** Tells the uses what the store said; the places of the limits that do not fit. */
  apply(answers: readonly StoreAnswer[], uses: readonly (Use | null)[]): number[] {
    const full: number[] = [];
    for (let at = 0; at < answers.length; at++) {
      const { fits, remaining, resetMs, retryMs } = answers[at];
      const use = uses[this.places[at]]!;
      use.remaining = remaining;
      use.resetMs = resetMs;
      use.retryMs = retryMs;
      if (!fits) full.push(this.places[at]);
    }
    return full;
  }

  /** Charges what a response cost. */
  settle(store: LimitStore, at: number, use: Use, cost: number): void {
    const question = this.questions[this.places.indexOf(at)];
    if (cost > 0) store.settle({ ...question, cost });
    use.remaining = Math.max(0, use.remaining - cost);
  }
}
