import type { Fault } from "../base/index.ts";
import type { Fields, ResponseHead, UpstreamEvents, UpstreamStream } from "../message/index.ts";
import type { HealthAsker, HealthQuestion } from "./health-question.ts";

/**
 * A question that is a request of its own. Where a kept-alive connection turns out to be closed it is asked once more, on a
 * fresh one.
 */
export abstract class ExchangeQuestion implements HealthQuestion, UpstreamEvents {
  protected readonly asker: HealthAsker;
  protected stream: UpstreamStream | null = null;
  private usedStale = false;

  constructor(asker: HealthAsker) {
    this.asker = asker;
  }

  /** Begins the exchange; nothing of an earlier one counts. */
  protected abstract open(isFresh: boolean): UpstreamStream | Fault;

  /** What follows the request's head, where that is not all of it. */
  protected writeRest(_stream: UpstreamStream): void {}

  ask(): void {
    this.usedStale = false;
    this.send(false);
  }

  giveUp(fault: Fault): void {
    const { stream } = this;
    this.stream = null;
    stream?.reset(fault);
  }

  private send(isFresh: boolean): void {
    const opened = this.open(isFresh);
    if ("code" in opened) {
      this.answer(opened.message);
      return;
    }
    this.stream = opened;
    this.writeRest(opened);
    opened.flush();
  }

  /** Null: it serves. */
  protected answer(problem: string | null): void {
    this.stream = null;
    this.asker.onAnswer(problem);
  }

  // UpstreamEvents

  abstract onResponseHead(head: ResponseHead, isLast: boolean): void;

  abstract onResponseBody(chunk: Uint8Array): void;

  abstract onResponseEnd(trailers: Fields | null): void;

  onInformational(): void {}

  onResponseReadDone(): void {}

  onUpstreamDrain(): void {}

  onUpstreamReset(fault: Fault): void {
    if (fault.code === "HDL_UPSTREAM_STALE" && !this.usedStale) {
      this.usedStale = true;
      this.send(true);
      return;
    }
    this.answer(fault.message);
  }
}
