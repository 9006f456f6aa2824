import { makeFault, Timer } from "../base/index.ts";
import type { Clock, Fault, TimerWheel } from "../base/index.ts";
import type { RequestHead, UpstreamEvents, UpstreamStream } from "../message/index.ts";
import type { ClusterSettings } from "../model/index.ts";
import { atTurnEnd } from "../net/index.ts";
import type { Connection, DialEvents, DialFailure, TurnEnd } from "../net/index.ts";
import { DEFAULT_HTTP2_LIMITS, H2, Http2ClientSession } from "../wire/http2/index.ts";
import type { Http2ErrorCode, Http2Limits, Http2Stream, SessionEvents } from "../wire/http2/index.ts";
import { dialFault } from "./dial-fault.ts";
import { connectionAge } from "./connection-age.ts";
import { Http2Attempt } from "./http2-attempt.ts";
import type { AttemptHome } from "./http2-attempt.ts";
import { PendingAttempt } from "./pending-attempt.ts";
import { withoutWebsocketKey } from "./websocket-handshake.ts";

/** What an HTTP/2 connection needs of the endpoint that it belongs to. */
export interface Http2UpstreamOwner {
  readonly name: string;
  readonly settings: ClusterSettings;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  /** Streams that the endpoint said it takes at a time: what new connections go by until they are told. */
  maxStreams: number;
  /** It takes no new exchanges; those that it has go on. */
  onOpened(): void;
  onRetired(upstream: Http2Upstream): void;
  onConnectionGone(): void;
  /** Another exchange may begin on it. */
  onRoom(): void;
  onDialFailed(failure: DialFailure): void;
}

/** Octets of bodies written in one turn after which it is not waited for the turn's end. */
const GATHER_BYTES = 65_536;

/** How long the last GOAWAY waits for the endpoint to close. */
const LEAVE_MS = 1_000;

/**
 * One HTTP/2 connection to an endpoint: carries as many exchanges as both sides allow.
 *
 *   opening ─► open ─(age, GOAWAY, removal)─► retired ─(no stream is left)─► gone
 *      └────────┴─(broken, no answer to a PING, idle)────────────────────────┘
 */
export class Http2Upstream extends Timer implements DialEvents, SessionEvents, AttemptHome, TurnEnd {
  private readonly owner: Http2UpstreamOwner;
  private readonly settings: ClusterSettings;
  /** The TLS settings that it was made under: see Cluster.epoch. */
  readonly epoch: number;
  /** TLS must have agreed on h2 (RFC 9113 section 3.2). */
  private readonly isSecure: boolean;
  private readonly ageMs: number;
  private readonly maxRequests: number;
  private requests = 0;
  private readonly openedMs: number;
  connection!: Connection;
  private session!: Http2ClientSession;
  isOpen = false;
  /** An exchange ended on it before: the endpoint may have closed it meanwhile. */
  isReused = false;
  private isRetired = false;
  private isGone = false;
  private isReading = false;
  private isTurnAsked = false;
  private gathered = 0;
  private idleSinceMs: number;
  private lastReadMs: number;
  /** When it was connected. */
  private readyMs = 0;
  /** When a PING was sent that was not answered; -1: none. */
  private pingSentMs = -1;
  private hasSettings = false;
  private isBroken = false;
  private isLeaving = false;
  /** Extended CONNECTs wait for the endpoint's SETTINGS to say whether it takes them. */
  private pending: PendingAttempt[] | null = null;

  /** `random` in [0, 1): spreads the ages of connections that are opened together. */
  constructor(owner: Http2UpstreamOwner, epoch: number, isSecure: boolean, random: number) {
    super();
    this.owner = owner;
    this.settings = owner.settings;
    this.epoch = epoch;
    this.isSecure = isSecure;
    const nowMs = owner.clock.now();
    this.openedMs = nowMs;
    this.idleSinceMs = nowMs;
    this.lastReadMs = nowMs;
    this.maxRequests = this.settings.maxRequestsPerConnection ?? Infinity;
    const { maxConnectionAgeMs } = this.settings.http2;
    this.ageMs =
      maxConnectionAgeMs === 0 ? Infinity : connectionAge(maxConnectionAgeMs, this.settings, random);
  }

  /** Writes what a connection begins with; it leaves when the connection is open. */
  begin(connection: Connection): void {
    this.connection = connection;
    this.session = new Http2ClientSession(connection, limitsOf(this.settings), this);
    this.session.start();
    this.watch(this.lastReadMs + this.settings.idleTimeoutMs);
  }

  /** Another exchange may begin. */
  get canTake(): boolean {
    if (this.isRetired) return false;
    const { session } = this;
    const limit = this.hasSettings ? Infinity : this.owner.maxStreams;
    return session.canOpen && session.streamCount < Math.min(limit, this.settings.http2.maxStreams);
  }

  /** Open, and without an exchange. */
  get isIdle(): boolean {
    return this.isOpen && this.session.streamCount === 0 && this.pending === null;
  }

  /** Begins an exchange. Nothing leaves before the turn's end. Only while `canTake`. */
  start(head: RequestHead, isLast: boolean, events: UpstreamEvents): UpstreamStream | Fault {
    if (head.upgrade !== "" && !this.hasSettings) {
      const pending = new PendingAttempt(head, isLast, events, this.settings.highWaterBytes);
      (this.pending ??= []).push(pending);
      return pending;
    }
    return this.open(head, isLast, events);
  }

  private open(head: RequestHead, isLast: boolean, events: UpstreamEvents): UpstreamStream | Fault {
    const { session, owner } = this;
    const isTunnel = head.upgrade !== "";
    if (isTunnel && !session.canConnectExtended) {
      return makeFault("HDL_UPSTREAM_UPGRADE_UNSUPPORTED", `${owner.name} takes no extended CONNECT`);
    }
    const nowMs = owner.clock.now();
    // From now on silence means something.
    if (session.streamCount === 0) this.lastReadMs = nowMs;
    const attempt = new Http2Attempt(this, head, events);
    const stream = session.open(isTunnel ? withoutWebsocketKey(head) : head, isLast && !isTunnel, attempt);
    if (stream === null) return makeFault("HDL_UPSTREAM_OVERFLOW", `${owner.name} takes no more streams`);
    attempt.bind(stream);
    if (++this.requests >= this.maxRequests) this.retire();
    this.watch(nowMs + this.pingIntervalMs());
    this.wrote(0);
    return attempt;
  }

  // AttemptHome

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
    this.settle();
  }

  private send(): void {
    this.gathered = 0;
    this.session.flush();
    if (!this.connection.flushNow()) this.session.setWritable(false);
  }

  /** Sends what is gathered, and closes where nothing is left to do. */
  private settle(): void {
    if (this.isLeaving) return;
    this.send();
    const hasNothing = this.session.streamCount === 0 && this.pending === null;
    if (this.isBroken || (this.isRetired && hasNothing)) this.leave();
  }

  private watch(deadlineMs: number): void {
    if (deadlineMs < this.deadlineMs) this.owner.wheel.schedule(this, deadlineMs);
  }

  // DialEvents

  onOpen(): void {
    this.owner.onOpened();
    if (this.isSecure && this.connection.alpn !== "h2") {
      this.close(makeFault("HDL_UPSTREAM_TLS_FAILED", `${this.owner.name} does not agree on h2`));
      this.connection.destroy();
      return;
    }
    const nowMs = this.owner.clock.now();
    this.isOpen = true;
    this.readyMs = nowMs;
    this.lastReadMs = nowMs;
    this.watch(nowMs + this.settings.http2.pingTimeoutMs);
  }

  onDialFailed(failure: DialFailure): void {
    this.owner.onDialFailed(failure);
    this.close(dialFault(this.owner.name, failure));
  }

  onBytes(bytes: Buffer, length: number): void {
    if (this.isLeaving) return;
    const nowMs = this.owner.clock.now();
    this.lastReadMs = nowMs;
    this.isReading = true;
    this.session.read(bytes, 0, length, nowMs);
    this.isReading = false;
    this.settle();
  }

  /** A server that sends no more answers nothing more. */
  onEnd(): void {
    this.close(this.goneFault(null));
    this.connection.destroy();
  }

  onDrain(): void {
    if (this.isLeaving) return;
    this.session.setWritable(true);
    this.settle();
  }

  onClosed(error: Error | null): void {
    if (this.isGone) return;
    this.isGone = true;
    this.isLeaving = true;
    this.close(this.goneFault(error));
    this.owner.onConnectionGone();
    this.owner.wheel.cancel(this);
  }

  /** Whatever waits for an answer gets the fault; a retry finds another connection. */
  private close(fault: Fault): void {
    this.retire();
    this.session.close(fault);
    this.failPending(fault);
  }

  private failPending(fault: Fault): void {
    const { pending } = this;
    this.pending = null;
    if (pending !== null) for (const one of pending) one.begin(fault);
  }

  private goneFault(error: Error | null): Fault {
    return this.isReused
      ? makeFault("HDL_UPSTREAM_STALE", "kept-alive upstream connection was closed before a response", error)
      : makeFault("HDL_UPSTREAM_RESET", "upstream closed the connection before a response", error);
  }

  // SessionEvents

  onSessionFault(fault: Fault): void {
    this.isBroken = true;
    this.retire();
    this.failPending(fault);
    this.wrote(0);
  }

  onStreamClosed(_stream: Http2Stream): void {
    this.isReused = true;
    if (this.session.streamCount === 0) {
      this.idleSinceMs = this.owner.clock.now();
      this.watch(this.idleSinceMs + this.settings.idleTimeoutMs);
      if (this.isRetired) this.wrote(0);
    }
    if (this.canTake) this.owner.onRoom();
  }

  onGoAway(): void {
    this.retire();
    if (this.session.streamCount === 0) this.wrote(0);
  }

  onPong(): void {
    this.pingSentMs = -1;
  }

  onSettings(): void {
    this.hasSettings = true;
    this.owner.maxStreams = this.session.openable + this.session.streamCount;
    const { pending } = this;
    if (pending === null) return;
    this.pending = null;
    for (const one of pending) {
      if (!one.isOver) one.begin(this.open(one.head, one.isLast, one.events));
    }
  }

  // Ending

  /** No new exchanges; closes with the last one. */
  retire(): void {
    if (this.isRetired) return;
    this.isRetired = true;
    this.owner.onRetired(this);
    if (this.session.streamCount === 0) this.wrote(0);
  }

  /** GOAWAY, FIN, and a moment for both to arrive. */
  private leave(): void {
    this.isLeaving = true;
    if (!this.session.isDead) {
      this.session.abort(H2.NO_ERROR, makeFault("HDL_DRAINING", "nothing is left to ask"));
      this.send();
    }
    if (!this.isOpen || this.connection.pendingBytes === 0) {
      this.connection.destroy();
      return;
    }
    this.connection.end();
    this.owner.wheel.cancel(this);
    this.owner.wheel.schedule(this, this.owner.clock.now() + LEAVE_MS);
  }

  // Timer

  expire(nowMs: number): void {
    if (this.isGone) return;
    if (this.isLeaving) {
      this.connection.destroy();
      return;
    }
    const dueMs = Math.min(this.checkAge(nowMs), this.checkSettings(nowMs), this.checkSilence(nowMs));
    this.settle();
    if (!this.isLeaving) this.watch(Math.max(dueMs, nowMs + 1));
  }

  private checkAge(nowMs: number): number {
    const dueMs = this.openedMs + this.ageMs;
    if (this.isRetired || dueMs > nowMs) return this.isRetired ? Infinity : dueMs;
    this.retire();
    return Infinity;
  }

  /** RFC 9113 section 6.5.3; while the connection is being made, the time limit of dialling holds. */
  private checkSettings(nowMs: number): number {
    if (!this.isOpen || this.session.hasSettingsAck) return Infinity;
    const { pingTimeoutMs } = this.settings.http2;
    const dueMs = this.readyMs + pingTimeoutMs;
    if (dueMs > nowMs) return dueMs;
    this.breakOff(H2.SETTINGS_TIMEOUT, `no acknowledgement of SETTINGS within ${pingTimeoutMs} ms`);
    return Infinity;
  }

  private checkSilence(nowMs: number): number {
    if (!this.isOpen || this.isBroken) return this.isBroken ? Infinity : nowMs + this.settings.idleTimeoutMs;
    if (this.session.streamCount === 0) {
      const idleMs = this.idleSinceMs + this.settings.idleTimeoutMs;
      if (idleMs > nowMs) return idleMs;
      this.retire();
      return Infinity;
    }
    return this.checkPing(nowMs);
  }

  /** With exchanges in flight, silence may be an endpoint that is gone. */
  private checkPing(nowMs: number): number {
    const { pingTimeoutMs } = this.settings.http2;
    if (this.lastReadMs > this.pingSentMs) this.pingSentMs = -1;
    if (this.pingSentMs < 0) {
      const dueMs = this.lastReadMs + this.pingIntervalMs();
      if (dueMs > nowMs) return dueMs;
      this.session.ping();
      this.pingSentMs = nowMs;
    }
    const dueMs = this.pingSentMs + pingTimeoutMs;
    if (dueMs > nowMs) return dueMs;
    this.breakOff(H2.NO_ERROR, `no answer to a PING within ${pingTimeoutMs} ms`);
    return Infinity;
  }

  private pingIntervalMs(): number {
    return this.settings.http2.pingIntervalMs || Infinity;
  }

  private breakOff(code: Http2ErrorCode, message: string): void {
    const fault = makeFault("HDL_UPSTREAM_RESET", `${this.owner.name}: ${message}`);
    this.isBroken = true;
    this.retire();
    this.session.abort(code, fault);
    this.failPending(fault);
  }
}

/** Of responses: heads as large as those of HTTP/1.1 may be. */
function limitsOf({ http2, ...settings }: ClusterSettings): Http2Limits {
  return {
    ...DEFAULT_HTTP2_LIMITS,
    maxHeadBytes: settings.maxHeadBytes,
    maxFields: settings.maxFields,
    streamWindowBytes: http2.streamWindowBytes,
    connectionWindowBytes: http2.connectionWindowBytes,
    highWaterBytes: settings.highWaterBytes,
  };
}
