import type { Clock, Fault, Random, TimerWheel } from "../base/index.ts";
import type { ExchangeEvents, Peer, RequestHead, ResponseSink } from "../message/index.ts";
import type { ListenerSettings } from "../model/index.ts";
import type { ConnectionEvents } from "../net/index.ts";

/** A client's connection, whatever protocol it speaks: what its listener asks of it. */
export interface Downstream extends ConnectionEvents {
  /** Drain: no new requests. An idle connection closes now, a busy one with its last response. */
  drain(): void;
  /** The end of the drain time: whatever is still open is cut, visibly. */
  cut(): void;
}

/** Takes the requests of one bound listener. */
export interface RequestHandler {
  open(request: RequestHead, isLast: boolean, peer: Peer, sink: ResponseSink): ExchangeEvents;
}

/** What a downstream connection shares with its listener. Settings and handler may be replaced while it lives. */
export interface DownstreamOwner {
  readonly clock: Clock;
  readonly random: Random;
  readonly wheel: TimerWheel;
  readonly settings: ListenerSettings;
  readonly handler: RequestHandler;
  /** Shutting down: every response closes its connection. */
  readonly isDraining: boolean;
  /** Load is shed: the fault to answer with, or null. */
  shed(): Fault | null;
  onRefused(fault: Fault, peer: Peer): void;
  /** The whole connection is refused, with everything on it: a flood, or no protocol at all. */
  onBroken(fault: Fault, peer: Peer): void;
  onDownstreamClosed(downstream: Downstream): void;
}
