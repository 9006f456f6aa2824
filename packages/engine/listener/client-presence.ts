import type { ListenerSettings } from "../model/index.ts";

/** A kernel's RST has come by then. Behind FIN nothing is read: it is the next write that fails of it. */
const PROBE_MS = 1_000;

/** The frames that ask. */
export interface PresenceAsker {
  ping(): void;
  /** A PING whose answer nobody reads. */
  probe(): void;
}

/**
 * Whether an HTTP/2 client that has requests in flight is still there: one that is silent is asked by PING. One that is
 * half closed cannot answer, and is gone in practice: it gets a PING, which its kernel answers with RST then, and another
 * one, which fails of that.
 */
export class ClientPresence {
  private readonly asker: PresenceAsker;
  private heardMs: number;
  /** When a PING was sent that was not answered; -1: none. */
  private pingSentMs = -1;
  /** When a client that is half closed is probed next; -1: it is not half closed. */
  private probeMs = -1;
  /** That is the second of two PINGs. */
  private isProbing = false;

  constructor(asker: PresenceAsker, nowMs: number) {
    this.asker = asker;
    this.heardMs = nowMs;
  }

  /** Octets came. */
  heard(nowMs: number): void {
    this.heardMs = nowMs;
  }

  answered(): void {
    this.pingSentMs = -1;
  }

  /** FIN was read. Gives when to check. */
  halfClosed(http2: ListenerSettings["http2"], nowMs: number): number {
    this.asker.probe();
    this.isProbing = !this.isProbing;
    const { pingIntervalMs } = http2;
    const afterMs = this.isProbing ? PROBE_MS : pingIntervalMs === 0 ? Infinity : pingIntervalMs;
    return (this.probeMs = nowMs + afterMs);
  }

  /** Gives when to check again; -1: the client is gone. */
  check(http2: ListenerSettings["http2"], nowMs: number): number {
    const { pingIntervalMs, pingTimeoutMs } = http2;
    if (this.probeMs >= 0) return this.probeMs > nowMs ? this.probeMs : this.halfClosed(http2, nowMs);
    if (pingIntervalMs === 0) return Infinity;
    if (this.heardMs > this.pingSentMs) this.pingSentMs = -1;
    if (this.pingSentMs >= 0) {
      const dueMs = this.pingSentMs + pingTimeoutMs;
      return dueMs > nowMs ? dueMs : -1;
    }
    if (this.heardMs + pingIntervalMs > nowMs) return this.heardMs + pingIntervalMs;
    this.asker.ping();
    this.pingSentMs = nowMs;
    return nowMs + pingTimeoutMs;
  }
}
