import { makeFault, Timer } from "../base/index.ts";
import type { Clock, Fault } from "../base/index.ts";
import type { Peer, RequestHead } from "../message/index.ts";
import type { ListenerSettings } from "../model/index.ts";
import { atTurnEnd } from "../net/index.ts";
import type { Connection, TurnEnd } from "../net/index.ts";
import { H2, Http2ServerSession } from "../wire/http2/index.ts";
import type {
  Http2ErrorCode,
  Http2Limits,
  Http2Stream,
  ServerSessionEvents,
  StreamEvents,
} from "../wire/http2/index.ts";
import { ClientPresence } from "./client-presence.ts";
import { connectionAgeMs } from "./connection-age.ts";
import type { Downstream, DownstreamOwner, RequestHandler } from "./downstream.ts";
import { answerFault, Http2Exchange } from "./http2-exchange.ts";
import type { StreamHome } from "./http2-exchange.ts";
import { Linger } from "./linger.ts";

/** What the client has sent waits to be worked off: whether it was late is seen after it. */
const UNREAD_MS = 100;

/** A client has so long to learn of the first GOAWAY (RFC 9113 section 6.8): a round trip, answered or not. */
const DRAIN_NOTICE_MS = 1_000;

/** Octets of bodies written in one turn after which it is not waited for the turn's end. */
const GATHER_BYTES = 65_536;

const STALLED_FOR_EVER = "client closed its half before it opened a window for the rest of the response";

type Phase = "open" | "linger" | "closed";

/**
 * One HTTP/2 connection from a client: a session of the codec over a Connection, its streams, and what ends it.
 *
 *   open ─(drain, age, idle, limit of requests)─► open, draining ─(no stream is left)─► linger ─► closed
 *     │                                                                   └─(the client sends no more)─► closed
 *     └─(the session is broken: GOAWAY says why)───────────────────────────────────────────┘
 *
 * A client that is half closed gets what is whole and what its windows let pass, however long that takes, and nothing of
 * it is waited for: no answer to a PING or to SETTINGS, no window, no rest of a frame (ClientPresence).
 *
 * What streams write is gathered, and leaves at the end of the client's read or of the turn. One timer serves the
 * connection and all its streams.
 */
export class Http2Downstream extends Timer implements Downstream, ServerSessionEvents, StreamHome, TurnEnd {
  place = -1;
  readonly peer: Peer;
  readonly clock: Clock;
  private readonly owner: DownstreamOwner;
  private readonly connection: Connection;
  private readonly session: Http2ServerSession;
  private phase: Phase = "open";
  /** Streams that are not gone, the newest first. */
  private first: Http2Exchange | null = null;
  private isReading = false;
  private isTurnAsked = false;
  private gathered = 0;
  private requests = 0;
  private isDraining = false;
  /** The client begins no more requests: FIN, or GOAWAY. */
  private hasEnded = false;
  /** FIN was read: it answers nothing either, and opens no window. */
  private isHalfClosed = false;
  private isBroken = false;
  private readonly openedMs: number;
  private readonly ageMs: number;
  private idleSinceMs: number;
  private readonly presence: ClientPresence;
  /** Since when a frame is not whole; -1: all are. */
  private partialSinceMs = -1;
  private framesRead = 0;
  private drainedMs = 0;
  private ending: Linger | null = null;

  constructor(connection: Connection, peer: Peer, owner: DownstreamOwner) {
    super();
    this.owner = owner;
    this.clock = owner.clock;
    this.connection = connection;
    connection.isDivisible = true;
    this.peer = peer;
    const { settings } = owner;
    this.session = new Http2ServerSession(
      connection,
      limitsOf(settings),
      {
        scheme: peer.tls === null ? "http" : "https",
        escapedSlashes: settings.escapedSlashes,
        upgrades: settings.upgrades,
      },
      this,
    );
    const nowMs = owner.clock.now();
    this.openedMs = nowMs;
    this.idleSinceMs = nowMs;
    this.presence = new ClientPresence(this.session, nowMs);
    this.ageMs = connectionAgeMs(settings.http2.maxConnectionAgeMs, owner.random);
    this.watch(nowMs + Math.min(settings.headTimeoutMs, settings.http2.pingTimeoutMs));
    this.session.start();
    this.wrote(0);
  }

  // StreamHome

  get settings(): ListenerSettings {
    return this.owner.settings;
  }

  get handler(): RequestHandler {
    return this.owner.handler;
  }

  onRefused(fault: Fault): void {
    this.owner.onRefused(fault, this.peer);
  }

  watch(deadlineMs: number): void {
    if (deadlineMs < this.deadlineMs) this.owner.wheel.schedule(this, deadlineMs);
  }

  wrote(bytes: number): void {
    this.gathered += bytes;
    if (this.gathered >= GATHER_BYTES) {
      this.send();
      return;
    }
    if (this.isTurnAsked || this.isReading) return;
    this.isTurnAsked = true;
    atTurnEnd(this);
  }

  onTurnEnd(): void {
    this.isTurnAsked = false;
    if (this.phase === "open") this.settle();
  }

  private send(): void {
    this.gathered = 0;
    this.session.flush();
    if (!this.connection.flushNow()) this.session.setWritable(false);
  }

  /** Sends what is gathered, and closes where that was the last of it. */
  private settle(): void {
    if (this.isHalfClosed) this.session.loseStalled(makeFault("HDL_DOWNSTREAM_RESET", STALLED_FOR_EVER));
    this.send();
    if (this.isBroken) this.linger();
    else if (this.session.streamCount === 0 && this.mayClose()) this.leave();
  }

  private mayClose(): boolean {
    return this.hasEnded || (this.isDraining && this.session.isDrained);
  }

  // ConnectionEvents

  onBytes(bytes: Buffer, length: number): void {
    if (this.phase !== "open") {
      this.ending?.onBytes(length);
      return;
    }
    const nowMs = this.clock.now();
    this.presence.heard(nowMs);
    this.isReading = true;
    this.session.read(bytes, 0, length, nowMs);
    this.isReading = false;
    if (this.session.isWithinFrame) this.notePartial(nowMs);
    else this.partialSinceMs = -1;
    if (this.phase === "open") this.settle();
  }

  /** A frame or a head did not come whole: its time runs until it has, and more octets do not move it. */
  private notePartial(nowMs: number): void {
    const { framesRead } = this.session;
    if (this.partialSinceMs >= 0 && framesRead === this.framesRead) return;
    this.framesRead = framesRead;
    this.partialSinceMs = nowMs;
    this.watch(nowMs + this.settings.headTimeoutMs);
  }

  onEnd(): void {
    if (this.phase === "linger") {
      this.ending!.onEnd();
      return;
    }
    // Requests that are whole are still answered; of the others nothing more will come.
    this.hasEnded = true;
    this.isHalfClosed = true;
    this.partialSinceMs = -1;
    const fault = makeFault("HDL_DOWNSTREAM_RESET", "client closed within the request body");
    for (let at = this.first; at !== null;) {
      const { next } = at;
      at.drop(fault);
      at = next;
    }
    if (this.session.streamCount > 0)
      this.watch(this.presence.halfClosed(this.settings.http2, this.clock.now()));
    this.settle();
  }

  onDrain(): void {
    if (this.phase !== "open") return;
    this.session.setWritable(true);
    this.settle();
  }

  onClosed(error: Error | null): void {
    this.phase = "closed";
    this.session.close(makeFault("HDL_DOWNSTREAM_RESET", "client closed the connection", error));
    this.first = null;
    this.ending?.stop();
    // Last: what ends above may have asked to be watched.
    this.owner.wheel.cancel(this);
    this.owner.onDownstreamClosed(this);
    this.peer.memo?.close();
  }

  // ServerSessionEvents

  onRequest(stream: Http2Stream, head: RequestHead, isLast: boolean): StreamEvents | null {
    this.requests++;
    const exchange = new Http2Exchange(this, stream, head, isLast);
    this.link(exchange);
    // Whoever answers within this call finds it, and so does the stream's end.
    stream.events = exchange;
    stream.attachment = exchange;
    exchange.open();
    const { maxRequestsPerConnection: limit } = this.settings;
    if (limit > 0 && this.requests >= limit) this.drain();
    return exchange;
  }

  onRequestRefused(stream: Http2Stream, fault: Fault): void {
    this.requests++;
    this.owner.onRefused(fault, this.peer);
    answerFault(stream, fault, false);
  }

  onStreamClosed(stream: Http2Stream): void {
    const { attachment } = stream;
    if (attachment !== null) this.unlink(attachment as Http2Exchange);
    if (this.session.streamCount > 0) return;
    this.idleSinceMs = this.clock.now();
    this.watch(this.idleSinceMs + this.settings.keepAliveIdleMs);
    if (this.mayClose()) this.wrote(0);
  }

  onSessionFault(fault: Fault): void {
    this.isBroken = true;
    this.owner.onBroken(fault, this.peer);
    this.wrote(0);
  }

  onGoAway(): void {
    this.hasEnded = true;
  }

  onPong(): void {
    this.presence.answered();
    if (this.isDraining) this.wrote(0);
  }

  onSettings(): void {}

  private link(exchange: Http2Exchange): void {
    const { first } = this;
    exchange.next = first;
    if (first !== null) first.previous = exchange;
    this.first = exchange;
  }

  private unlink(exchange: Http2Exchange): void {
    const { next, previous } = exchange;
    if (next !== null) next.previous = previous;
    if (previous !== null) previous.next = next;
    else if (this.first === exchange) this.first = next;
    exchange.next = null;
    exchange.previous = null;
  }

  // Ending

  drain(): void {
    if (this.phase !== "open" || this.isDraining) return;
    this.isDraining = true;
    this.drainedMs = this.clock.now();
    this.session.drain();
    this.watch(this.drainedMs + DRAIN_NOTICE_MS);
    this.wrote(0);
  }

  farewell(): void {
    for (let at = this.first; at !== null; at = at.next) at.farewell();
  }

  farewellMarked(): void {
    for (let at = this.first; at !== null; at = at.next) if (at.isMarked) at.farewell();
  }

  cut(): void {
    if (this.phase === "open") {
      this.session.abort(H2.NO_ERROR, makeFault("HDL_DRAINING", "the time to finish is up"));
      this.send();
    }
    this.connection.destroy(this.phase === "open" && this.session.streamCount > 0);
  }

  markGone(isGone: (authority: string) => boolean): boolean {
    let hasAny = false;
    for (let at = this.first; at !== null; at = at.next) if (at.markGone(isGone)) hasAny = true;
    return hasAny;
  }

  /** The others of the connection are other servers', or came since. */
  cutMarked(): void {
    const fault = makeFault("HDL_DRAINING", "the time to finish is up");
    for (let at = this.first; at !== null;) {
      const { next } = at;
      at.cutMarked(fault);
      at = next;
    }
  }

  /** The end that was announced: nothing is open any more. */
  private leave(): void {
    if (!this.session.isDead && !this.isDraining) {
      this.session.abort(H2.NO_ERROR, makeFault("HDL_DRAINING", "nothing is left to answer"));
      this.send();
    }
    this.linger();
  }

  /** The session cannot go on, and the client is told why. */
  private breakOff(code: Http2ErrorCode, fault: Fault): void {
    this.owner.onBroken(fault, this.peer);
    this.session.abort(code, fault);
    this.isBroken = true;
  }

  private linger(): void {
    if (this.phase !== "open") return;
    this.phase = "linger";
    const { wheel } = this.owner;
    wheel.cancel(this);
    this.ending = new Linger(this.connection, wheel, this.clock.now(), 0, this.isHalfClosed);
  }

  // Timer

  expire(nowMs: number): void {
    if (this.phase !== "open") return;
    if (this.connection.waitingReads > 0) {
      this.watch(nowMs + UNREAD_MS);
      return;
    }
    let dueMs = this.checkConnection(nowMs);
    for (let at = this.first; at !== null;) {
      const { next } = at;
      dueMs = Math.min(dueMs, at.check(nowMs));
      at = next;
    }
    this.settle();
    if (this.phase === "open") this.watch(Math.max(dueMs, nowMs + 1));
  }

  private checkConnection(nowMs: number): number {
    const { session, settings } = this;
    if (this.isBroken) return Infinity;
    const { headTimeoutMs, keepAliveIdleMs, http2 } = settings;
    let dueMs = this.checkAge(nowMs);
    if (!session.hasSettingsAck && !this.isHalfClosed) {
      const ackMs = this.openedMs + http2.pingTimeoutMs;
      if (ackMs <= nowMs) {
        const message = `no acknowledgement of SETTINGS within ${http2.pingTimeoutMs} ms`;
        this.breakOff(H2.SETTINGS_TIMEOUT, makeFault("HDL_REQUEST_HEAD_TIMEOUT", message));
        return Infinity;
      }
      dueMs = Math.min(dueMs, ackMs);
    }
    if (this.partialSinceMs >= 0) {
      const headMs = this.partialSinceMs + headTimeoutMs;
      if (headMs <= nowMs) {
        const message = `no whole frame or head within ${headTimeoutMs} ms`;
        this.breakOff(H2.ENHANCE_YOUR_CALM, makeFault("HDL_REQUEST_HEAD_TIMEOUT", message));
        return Infinity;
      }
      dueMs = Math.min(dueMs, headMs);
    }
    if (session.streamCount > 0) return Math.min(dueMs, this.checkPresence(nowMs));
    const idleMs = this.idleSinceMs + (this.requests === 0 ? headTimeoutMs : keepAliveIdleMs);
    if (idleMs > nowMs) return Math.min(dueMs, idleMs);
    this.drain();
    return Math.min(dueMs, nowMs + DRAIN_NOTICE_MS);
  }

  private checkAge(nowMs: number): number {
    if (this.isDraining) {
      const noticeMs = this.drainedMs + DRAIN_NOTICE_MS;
      if (this.session.isDrained) return Infinity;
      if (noticeMs > nowMs) return noticeMs;
      this.session.finishDrain();
      return Infinity;
    }
    const ageMs = this.openedMs + this.ageMs;
    if (ageMs > nowMs) return ageMs;
    this.drain();
    return nowMs + DRAIN_NOTICE_MS;
  }

  private checkPresence(nowMs: number): number {
    const { http2 } = this.settings;
    const dueMs = this.presence.check(http2, nowMs);
    if (dueMs >= 0) return dueMs;
    // Nobody is there to be refused.
    const message = `client answered no PING within ${http2.pingTimeoutMs} ms`;
    this.session.abort(H2.NO_ERROR, makeFault("HDL_DOWNSTREAM_RESET", message));
    this.isBroken = true;
    return Infinity;
  }
}

function limitsOf({ http2, ...settings }: ListenerSettings): Http2Limits {
  return {
    maxHeadBytes: settings.maxHeadBytes,
    maxFields: settings.maxFields,
    maxTargetBytes: settings.maxTargetBytes,
    maxTrailerBytes: 8_192,
    maxStreams: http2.maxStreams,
    streamWindowBytes: http2.streamWindowBytes,
    connectionWindowBytes: http2.connectionWindowBytes,
    highWaterBytes: settings.highWaterBytes,
    resetsPerSecond: http2.maxResetsPerSecond,
    controlFramesPerSecond: http2.maxControlFramesPerSecond,
    maxContinuations: http2.maxContinuations,
    maxPendingControlFrames: 1_000,
  };
}
