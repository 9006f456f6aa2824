import { CallbackTimer } from "../base/index.ts";
import type { Clock, ClockTimer, TimerWheel } from "../base/index.ts";
import type { Peer } from "../message/index.ts";
import type { ListenerSettings } from "../model/index.ts";
import { bindDatagrams, plainAddress } from "../net/index.ts";
import type { BoundDatagrams, DatagramEvents } from "../net/index.ts";

/** What happens at a UDP listener, for counters. */
export interface DatagramObserver {
  onSessionOpened(): void;
  onSessionClosed(): void;
  onSessionRefused(): void;
  onDatagram(isFromClient: boolean): void;
  onDropped(): void;
}

/** The way from a client to an endpoint and back, for as long as datagrams go over it. */
export interface DatagramFlow {
  /** False: it goes nowhere. */
  send(bytes: Uint8Array): boolean;
  /** Whether a client's next datagram may still go this way: the configuration may have left it behind. */
  readonly isCurrent: boolean;
  close(): void;
}

/** Makes the way of a client's datagrams. `reply` sends back to it; `failed` ends the session. */
export interface DatagramHandler {
  /** Of a session, without a datagram either way; 0: as the settings have it. */
  readonly idleMs: number;
  open(peer: Peer, reply: (bytes: Uint8Array) => void, failed: () => void): DatagramFlow;
}

export interface DatagramListenerOptions {
  readonly address: string;
  readonly port: number;
  /** A socket that is bound there already, taken over from another process; null binds one. */
  readonly descriptor: number | null;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly handler: DatagramHandler;
  readonly settings: ListenerSettings;
  readonly observer: DatagramObserver;
}

/** A session that has been idle for less is not given up for a new client. */
const SPARED_MS = 1_000;

/** A client, in the order of the last datagram: the one that is idle longest is first. */
interface Session {
  readonly key: string;
  readonly flow: DatagramFlow;
  movedMs: number;
}

/**
 * One UDP port: a session for each client address and port, which ends when it is idle. Sessions are in the order of
 * their last datagram, so one timer sees to all of them, and where there are too many the one that is idle longest
 * gives way to a new client; where all are busy the new client's datagram is dropped, and counted.
 */
export class DatagramListener implements DatagramEvents {
  private readonly options: DatagramListenerOptions;
  private handler: DatagramHandler;
  private settings: ListenerSettings;
  private socket: BoundDatagrams | null = null;
  /** A Map keeps the order of insertion: a session that moves is taken out and put in again. */
  private readonly sessions = new Map<string, Session>();
  private readonly timer: CallbackTimer;
  private isDraining = false;
  private idle: Promise<void> | null = null;
  private onIdle: (() => void) | null = null;
  private cutTimer: ClockTimer | null = null;

  constructor(options: DatagramListenerOptions) {
    this.options = options;
    this.handler = options.handler;
    this.settings = options.settings;
    this.timer = new CallbackTimer((nowMs) => this.expire(nowMs));
  }

  /** Rejects with the system's error. Resolves with the port that was bound. */
  async open(): Promise<number> {
    this.socket = await bindDatagrams(this.options, this);
    return this.socket.port;
  }

  /** Sessions whose way is still one of the configuration's go on. */
  update(handler: DatagramHandler, settings: ListenerSettings): void {
    this.handler = handler;
    this.settings = settings;
    for (const session of this.sessions.values()) if (!session.flow.isCurrent) this.end(session);
  }

  /** Of the bound socket; [] while there is none. */
  get descriptors(): readonly number[] {
    return this.socket === null ? [] : [this.socket.descriptor];
  }

  get sessionCount(): number {
    return this.sessions.size;
  }

  /** As it was asked for: 0 where the system chose. */
  get port(): number {
    return this.options.port;
  }

  onDatagram(bytes: Buffer, address: string, port: number): void {
    const { observer, clock } = this.options;
    const nowMs = clock.now();
    const key = `${address} ${port}`;
    let session = this.sessions.get(key) ?? null;
    // In a drain there is no other way to take.
    if (session !== null && !this.isDraining && !session.flow.isCurrent) {
      this.end(session);
      session = null;
    }
    if (session === null) session = this.begin(key, address, port, nowMs);
    else this.touch(session, nowMs);
    if (session !== null && session.flow.send(bytes)) observer.onDatagram(true);
    else observer.onDropped();
  }

  onFailed(_error: Error): void {}

  private begin(key: string, address: string, port: number, nowMs: number): Session | null {
    const { observer, wheel } = this.options;
    if (this.isDraining || !this.makeRoom(nowMs)) {
      observer.onSessionRefused();
      return null;
    }
    const { socket } = this;
    const peer = {
      address: plainAddress(address),
      port,
      localAddress: plainAddress(socket!.address),
      localPort: socket!.port,
      tls: null,
    };
    const flow = this.handler.open(
      peer,
      (bytes) => {
        this.touch(session, this.options.clock.now());
        observer.onDatagram(false);
        this.socket?.sendTo(bytes, port, address);
      },
      () => this.end(session),
    );
    const session: Session = { key, flow, movedMs: nowMs };
    this.sessions.set(key, session);
    observer.onSessionOpened();
    if (this.sessions.size === 1) wheel.schedule(this.timer, nowMs + this.idleMs);
    return session;
  }

  /** The same for all: sessions of another route than the present one are over. */
  private get idleMs(): number {
    return this.handler.idleMs === 0 ? this.settings.udpIdleMs : this.handler.idleMs;
  }

  private makeRoom(nowMs: number): boolean {
    if (this.sessions.size < this.settings.maxUdpSessions) return true;
    const [oldest] = this.sessions.values();
    if (oldest === undefined || nowMs - oldest.movedMs < SPARED_MS) return false;
    this.end(oldest);
    return true;
  }

  private touch(session: Session, nowMs: number): void {
    session.movedMs = nowMs;
    if (!this.sessions.delete(session.key)) return;
    this.sessions.set(session.key, session);
  }

  private end(session: Session): void {
    if (this.sessions.get(session.key) !== session) return;
    this.sessions.delete(session.key);
    session.flow.close();
    this.options.observer.onSessionClosed();
    if (this.isDraining && this.sessions.size === 0) this.close();
  }

  private expire(nowMs: number): void {
    for (const session of this.sessions.values()) {
      const dueMs = session.movedMs + this.idleMs;
      if (dueMs > nowMs) {
        this.options.wheel.schedule(this.timer, dueMs);
        return;
      }
      this.end(session);
    }
  }

  /**
   * Takes no new clients; sessions go on until they are idle. Resolves when none is left or time is up, with the port
   * given back. Asked again it takes the new time. `handsOver`: another process reads what clients send from here on;
   * what endpoints answer still goes to them from here.
   */
  drain(timeoutMs: number, handsOver = false): Promise<void> {
    this.isDraining = true;
    if (handsOver) this.socket?.stopReceiving();
    this.idle ??= new Promise((resolve) => (this.onIdle = resolve));
    this.cutTimer?.cancel();
    if (this.sessions.size === 0) this.close();
    else if (timeoutMs <= 0) this.cut();
    else this.cutTimer = this.options.clock.after(timeoutMs, () => this.cut());
    return this.idle;
  }

  private cut(): void {
    for (const session of this.sessions.values()) this.end(session);
  }

  private close(): void {
    this.cutTimer?.cancel();
    this.options.wheel.cancel(this.timer);
    this.socket?.close();
    this.socket = null;
    this.onIdle!();
  }
}
