import type { Fault } from "../base/index.ts";
import type { RequestHead, UpstreamEvents, UpstreamStream } from "../message/index.ts";
import type { Connection, DialEvents } from "../net/index.ts";

/** One way of asking an endpoint whether it serves. */
export interface HealthQuestion {
  /** Asks anew. `Asker.onAnswer` follows, perhaps within the call, unless it is given up. */
  ask(): void;
  /** Nobody waits for the answer any more. */
  giveUp(fault: Fault): void;
}

/** Who asks, and how the endpoint is reached. */
export interface HealthAsker {
  /** The `:authority` of requests. */
  readonly authority: string;
  readonly timeoutMs: number;
  open(head: RequestHead, isLast: boolean, isFresh: boolean, events: UpstreamEvents): UpstreamStream | Fault;
  /** The same for a gRPC call, by HTTP/2 in any case. */
  call(head: RequestHead, isFresh: boolean, events: UpstreamEvents): UpstreamStream | Fault;
  /** Pair with `closed`. */
  connect(events: DialEvents): Connection | Fault;
  closed(): void;
  /** Once for each question that is not given up: null where the endpoint serves, else what is wrong with it. */
  onAnswer(problem: string | null): void;
}
