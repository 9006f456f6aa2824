import type { Clock } from "@heddle/engine/base";
import type { Exchange, Fields } from "@heddle/engine/message";
import { variantOf } from "./vary.ts";

/**
 * What became of a fill: stored; not to be stored, so that everybody asks for themselves; or given up, so that another
 * may try. "timeout" and "full" are of the one who waits alone.
 */
export type FillOutcome = "stored" | "uncacheable" | "abandoned" | "timeout" | "full";

interface Waiting {
  readonly request: Fields;
  readonly tell: (outcome: FillOutcome) => void;
}

/** One request on its way to the endpoint, and those that wait for its answer since it may be theirs. */
export class Fill {
  private readonly request: Fields;
  private readonly clock: Clock;
  private readonly waiting = new Set<Waiting>();
  private outcome: FillOutcome | null = null;

  /** `request` has the values that its response may vary by. */
  constructor(request: Fields, clock: Clock) {
    this.request = request;
    this.clock = clock;
  }

  /** Resolves when the fill is over, the time is up, or the exchange is. */
  join(exchange: Exchange, maxWaiting: number, timeoutMs: number): Promise<FillOutcome> {
    if (this.outcome !== null) return Promise.resolve(this.outcome);
    if (this.waiting.size >= maxWaiting) return Promise.resolve("full");
    return new Promise((resolve) => {
      const tell = (outcome: FillOutcome): void => {
        timer.cancel();
        this.waiting.delete(one);
        resolve(outcome);
      };
      const timer = this.clock.after(timeoutMs, () => tell("timeout"));
      const one: Waiting = { request: exchange.request.fields, tell };
      this.waiting.add(one);
      exchange.abortSignal().addEventListener("abort", () => tell("abandoned"), { once: true });
    });
  }

  /** The head is here: whoever asked for another variant need not wait for the body. */
  varies(names: readonly string[]): void {
    if (names.length === 0) return;
    const own = variantOf(names, this.request);
    for (const one of this.waiting) if (variantOf(names, one.request) !== own) one.tell("uncacheable");
  }

  settle(outcome: FillOutcome): void {
    if (this.outcome !== null) return;
    this.outcome = outcome;
    for (const one of this.waiting) one.tell(outcome);
  }
}
