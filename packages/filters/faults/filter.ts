import { makeFault } from "@heddle/engine/base";
import type { Filter, FilterContext, FilterFactory, Reply } from "@heddle/engine/filter";
import { hasHeaderLine } from "@heddle/engine/message";
import type { Exchange } from "@heddle/engine/message";
import type { FaultsAbort, FaultsConfig } from "./config.ts";

const FAULT = makeFault("HDL_FAULT_INJECTED", "the route's policy injects a fault");

/**
 * Holds requests up, answers them with an error, or both in this order, to find out how callers take it. Each has its
 * own share of the requests, chosen independently.
 */
class Faults implements Filter {
  readonly name = "faults";
  private readonly config: FaultsConfig;
  private readonly context: FilterContext;

  constructor(config: FaultsConfig, context: FilterContext) {
    this.config = config;
    this.context = context;
  }

  requestHead(exchange: Exchange): Reply | undefined | Promise<Reply | undefined> {
    if (!this.concerns(exchange)) return undefined;
    const { delay } = this.config;
    if (delay !== null && this.isDrawn(delay.share)) return this.delay(exchange, delay.ms);
    return this.abort(exchange);
  }

  private async delay(exchange: Exchange, ms: number): Promise<Reply | undefined> {
    exchange.injectedDelayMs = ms;
    this.context.count("delayed");
    await this.passed(ms, exchange.abortSignal());
    return exchange.isEnded ? undefined : this.abort(exchange);
  }

  /** Resolves when the time is over, or the exchange is. */
  private passed(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.context.clock.after(ms, resolve);
      signal.addEventListener("abort", () => {
        timer.cancel();
        resolve();
      });
    });
  }

  private abort(exchange: Exchange): Reply | undefined {
    const { abort } = this.config;
    if (abort === null || (abort.httpStatus === 0 && exchange.grpcForm === "")) return undefined;
    if (!this.isDrawn(abort.share)) return undefined;
    exchange.fault = FAULT;
    this.context.count("aborted");
    return replyOf(abort);
  }

  private concerns({ request }: Exchange): boolean {
    for (const { name, value } of this.config.headers) {
      if (!hasHeaderLine(request, name, value)) return false;
    }
    return true;
  }

  private isDrawn(share: number): boolean {
    return share > 0 && (share >= 1 || this.context.random.next() < share);
  }
}

function replyOf({ httpStatus, grpcStatus }: FaultsAbort): Reply {
  return {
    // Of a call that is told a gRPC status, any status of an error will do.
    status: httpStatus === 0 ? 500 : httpStatus,
    headers: [["content-type", "text/plain; charset=utf-8"]],
    body: `injected fault (${FAULT.code})\n`,
    ...(grpcStatus >= 0 && { grpcStatus }),
  };
}

/** Events: `delayed`, `aborted`. */
export const faults: FilterFactory<FaultsConfig> = {
  name: "faults",
  create: (config, context) => new Faults(config, context),
};
