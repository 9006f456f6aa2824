import { makeFault } from "../base/index.ts";
import type { BodySource } from "../filter/index.ts";
import type { ExchangeCore } from "./exchange-core.ts";

/** Sends a reply's body that is read as the client takes it: one read at a time, and none while the client is behind. */
export class SourceReader {
  private readonly flow: ExchangeCore;
  private readonly source: BodySource;
  /** False: no more until `next` is called. */
  private readonly mayGoOn: () => boolean;
  private left: number;

  constructor(flow: ExchangeCore, source: BodySource, mayGoOn: () => boolean) {
    this.flow = flow;
    this.source = source;
    this.mayGoOn = mayGoOn;
    this.left = source.length;
  }

  next(): void {
    this.source.read().then(
      (bytes) => this.take(bytes),
      (error: unknown) => this.lose(error),
    );
  }

  private take(bytes: Uint8Array): void {
    const { flow } = this;
    if (flow.isEnded) return;
    if (bytes.length === 0 || bytes.length > this.left) {
      this.lose(new Error(`${bytes.length} octets where ${this.left} are left`));
      return;
    }
    this.left -= bytes.length;
    try {
      flow.onResponseBody(bytes);
      if (flow.isEnded) return;
      if (this.left === 0) {
        flow.onResponseEnd(null);
        if (!flow.isEnded) flow.sink.flush();
      } else if (this.mayGoOn()) this.next();
    } catch (error) {
      flow.crash(error);
    }
  }

  /** The head told a length: nothing but a break is left. */
  private lose(error: unknown): void {
    this.flow.abort(makeFault("HDL_FILTER_FAILED", "the body of a reply cannot be read any further", error));
  }
}
