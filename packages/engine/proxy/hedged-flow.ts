import type { ConcurrencyLimiter, Endpoint } from "../cluster/index.ts";
import type { RequestHead, UpstreamEvents, UpstreamStream } from "../message/index.ts";
import type { ExchangeCore } from "./exchange-core.ts";

/** An attempt that ran beside a flow's own. */
export interface AttemptBeside {
  readonly endpoint: Endpoint;
  readonly stream: UpstreamStream | null;
  /** Clock milliseconds. */
  readonly startedMs: number;
  /** In which it has a place; null where the cluster has none. */
  readonly limiter: ConcurrencyLimiter | null;
}

/** What hedging needs of a flow beside what its other parts do. */
export interface HedgedFlow extends ExchangeCore, UpstreamEvents {
  /** An endpoint that is none of these; null where there is none, or the client is to stay with its own. */
  pickBeside(used: readonly Endpoint[]): Endpoint | null;
  /** The request's head as an attempt sends it. */
  outgoingHead(): RequestHead;
  /** The head alone is the request. */
  isAllHead(): boolean;
  /** Sends the whole request, which is kept. */
  feed(stream: UpstreamStream): void;
  /** Tells a gRPC endpoint how long it has. */
  tellTimeLeft(): void;
  /** Goes on with an attempt that ran beside, in place of the one under way where there is one. */
  adopt(attempt: AttemptBeside): void;
}
