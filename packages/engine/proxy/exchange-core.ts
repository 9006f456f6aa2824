import type { Fault } from "../base/index.ts";
import type { Cluster, Endpoint } from "../cluster/index.ts";
import type { FilterChain, Reply } from "../filter/index.ts";
import type { Exchange, Fields, ResponseSink, UpstreamStream } from "../message/index.ts";
import type { PipeOutput } from "./body-pipe.ts";
import type { FlowContext } from "./flow-context.ts";
import type { RequestLimits } from "../model/index.ts";
import type { FramePipe } from "./frame-pipe.ts";
import type { Rule } from "./rule.ts";

/** What the parts of a flow see of it. `Flow` is the only implementation; the parts know it by this alone. */
export interface ExchangeCore {
  readonly exchange: Exchange;
  readonly context: FlowContext;
  readonly sink: ResponseSink;
  readonly rule: Rule;
  /** The rule's, or those of the chosen backend. */
  readonly limits: RequestLimits;
  readonly response: {
    readonly isStarted: boolean;
    readonly isDone: boolean;
    reply(reply: Reply): void;
  };
  readonly tunnel: { endHalf(): void; openPipe(output: PipeOutput): FramePipe | null } | null;
  readonly isRequestDone: boolean;
  readonly isEnded: boolean;
  readonly isStarting: boolean;
  readonly backendChain: FilterChain;
  readonly cluster: Cluster | null;
  readonly endpoint: Endpoint | null;
  readonly stream: UpstreamStream | null;
  /** Clock milliseconds by which all must be done; Infinity without a limit. */
  readonly deadlineMs: number;
  /** Makes an attempt at another endpoint than `exclude`, or, `isFresh`, at that one on a new connection. */
  attempt(exclude: Endpoint | null, isFresh: boolean): void;
  /** Whether the cluster allows another attempt after `fault`, in place of one or, `isBeside`, beside it. */
  mayRetry(fault: Fault | null, isBeside: boolean): boolean;
  endAttempt(hasFailed?: boolean): void;
  failAttempt(fault: Fault): void;
  dropAttempt(fault: Fault): void;
  letGo(): void;
  canRepeat(): boolean;
  pauseRequest(): void;
  resumeRequest(): void;
  onResponseBody(chunk: Uint8Array): void;
  onResponseEnd(trailers: Fields | null): void;
  abort(fault: Fault): void;
  finish(): void;
  /** What threw in the middle of it, where nobody above would hear of it. */
  crash(error: unknown): void;
}
