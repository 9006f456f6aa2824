import { makeFault, Timer } from "../base/index.ts";
import type { PipeOutput } from "./body-pipe.ts";
import type { ExchangeCore } from "./exchange-core.ts";
import type { FramePipe } from "./frame-pipe.ts";

/** After one half of a tunnel has ended, the other may still finish for this long. */
const HALF_TUNNEL_MS = 30_000;

/**
 * What is behind a 101: two streams that end each by itself.
 *
 *   open ──(either half ends)──► half-open ──(the other ends)──► over
 *                                    └──(time is up)──► both sides reset
 */
export class Tunnel extends Timer {
  protected readonly flow: ExchangeCore;

  constructor(flow: ExchangeCore) {
    super();
    this.flow = flow;
  }

  /** What the endpoint's octets pass through on their way to `output`; null: nothing. */
  openPipe(_output: PipeOutput): FramePipe | null {
    return null;
  }

  /** It will be cut soon: what can be said to its ends is said now. */
  farewell(): void {}

  /** One half has ended; both, and the exchange is over. */
  endHalf(): void {
    const { flow } = this;
    if (flow.isRequestDone && flow.response.isDone) {
      flow.endAttempt();
      flow.finish();
      return;
    }
    const { wheel, clock } = flow.context;
    wheel.schedule(this, clock.now() + HALF_TUNNEL_MS);
  }

  expire(): void {
    const fault = makeFault("HDL_DOWNSTREAM_IDLE_TIMEOUT", "half-closed tunnel");
    this.flow.dropAttempt(fault);
    if (this.flow.isEnded) return;
    this.flow.sink.reset(fault);
    this.flow.finish();
  }
}
