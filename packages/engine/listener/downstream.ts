import type { Clock, Fault, Random, TimerWheel } from "../base/index.ts";
import type { ExchangeEvents, Peer, RequestHead, ResponseSink } from "../message/index.ts";
import type { ListenerSettings } from "../model/index.ts";
import type { AcceptedSocket, ConnectionEvents } from "../net/index.ts";
import type { Placed } from "./connection-table.ts";

/** A client's connection: what its listener asks of it. */
export interface ClientConnection extends ConnectionEvents, Placed {
  /** Drain: no new requests. An idle connection closes now, a busy one with its last response. */
  drain(): void;
  /** The end of the drain time: whatever is still open is cut, visibly. */
  cut(): void;
}

/** One that carries requests, whatever protocol it speaks. */
export interface Downstream extends ClientConnection {
  /** FAREWELL_MS before `cut`: tunnels say goodbye. */
  farewell(): void;
  /**
   * The server of some requests is gone, `isGone` of their authority. Marks what is under way for it, which has its time to
   * end: `cutMarked`. True where there is any.
   */
  markGone(isGone: (authority: string) => boolean): boolean;
  /** FAREWELL_MS before `cutMarked`. */
  farewellMarked(): void;
  /** Cuts what is marked and still under way, and nothing else. */
  cutMarked(): void;
}

/** Takes the requests of one bound listener. */
export interface RequestHandler {
  /** `ServerSpec.id` of each of its servers. */
  readonly servers: readonly string[];
  /** The one that takes requests for an authority; "" for none. */
  serverOf(authority: string): string;
  open(request: RequestHead, isLast: boolean, peer: Peer, sink: ResponseSink): ExchangeEvents;
}

/** Takes connections that are passed on as they are; it may be replaced while they live. */
export interface StreamHandler {
  /** Whether TLS for that name (lower-case, "" for none) is passed on unopened. */
  passes(serverName: string): boolean;
  /**
   * Whoever passes a connection on, by the name that its client asked for. `isOpened`: TLS has been taken off it, or
   * there was none. Null where no route takes it: it is to be closed. "requests" where the name belongs to a server of
   * requests.
   */
  open(
    accepted: AcceptedSocket,
    peer: Peer,
    serverName: string,
    isOpened: boolean,
    owner: StreamOwner,
  ): StreamDownstream | "requests" | null;
  /** Whether the server that a connection came by is still there, and passes on what it did. */
  keeps(stream: StreamDownstream): boolean;
}

/** A connection that is passed on. TCP has no way to ask its ends to finish: a drain gives it time, and no word. */
export interface StreamDownstream extends ClientConnection {
  /** `ServerSpec.id` of the server that it came by. */
  readonly server: string;
  /** TLS was taken off it, or there was none: else no rules of this listener were asked of its client. */
  readonly isOpened: boolean;
  /** Begins, when the connection's events reach it. */
  start(): void;
}

/** What a connection that is passed on shares with its listener. */
export interface StreamOwner {
  readonly settings: ListenerSettings;
  onDownstreamClosed(downstream: ClientConnection): void;
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
  /** Shutting down in favour of another process: there is time for a client that says nothing now. */
  readonly handsOver: boolean;
  onRefused(fault: Fault, peer: Peer): void;
  /** The whole connection is refused, with everything on it: a flood, or no protocol at all. */
  onBroken(fault: Fault, peer: Peer): void;
  onDownstreamClosed(downstream: ClientConnection): void;
}
