import { Timer } from "../base/index.ts";
import type { Peer } from "../message/index.ts";
import type { AcceptedSocket } from "../net/index.ts";
import { CLIENT_PREFACE } from "../wire/http2/index.ts";
import type { Downstream, DownstreamOwner } from "./downstream.ts";

const PREFACE = Buffer.from(CLIENT_PREFACE, "latin1");
const FIRST = PREFACE[0];

const LINGER_MS = 2_000;
/** In a drain the first octets may be on their way: they are waited for so long. */
const LAST_REQUEST_MS = 500;

/** Who makes the connection's owner once its protocol is known. */
export interface ProtocolChoice extends DownstreamOwner {
  /** `firstByteMs`: when the first byte came, if it was held back; -1 when nothing was. */
  speakHttp1(accepted: AcceptedSocket, peer: Peer, sniffer: Downstream, firstByteMs: number): Downstream;
  speakHttp2(accepted: AcceptedSocket, peer: Peer, sniffer: Downstream): Downstream;
}

/**
 * A connection in clear text that has not said its protocol: prior knowledge of HTTP/2 begins with the preface (RFC
 * 9113 section 3.3), everything else is HTTP/1.1. Octets are held only while they are a beginning of the preface.
 *
 *   silent ─(other octets, time is up)──────────────► HTTP/1.1
 *     └─(a part of the preface)─► partial ─(the rest)─► HTTP/2
 *                                    └─(other octets, end, time is up)─► HTTP/1.1
 */
export class PrefaceSniffer extends Timer implements Downstream {
  place = -1;
  private readonly owner: ProtocolChoice;
  private readonly accepted: AcceptedSocket;
  private readonly peer: Peer;
  /** How much of the preface has come. */
  private seen = 0;
  private firstByteMs = -1;
  private isClosing = false;
  private isDraining = false;

  constructor(accepted: AcceptedSocket, peer: Peer, owner: ProtocolChoice) {
    super();
    this.owner = owner;
    this.accepted = accepted;
    this.peer = peer;
    owner.wheel.schedule(this, owner.clock.now() + owner.settings.headTimeoutMs);
  }

  onBytes(bytes: Buffer, length: number): void {
    if (this.isClosing) return;
    if (this.seen === 0 && bytes[0] !== FIRST) {
      const http1 = this.speakHttp1();
      http1.onBytes(bytes, length);
      this.drainToo(http1);
      return;
    }
    const { seen } = this;
    const size = Math.min(length, PREFACE.length - seen);
    if (PREFACE.compare(bytes, 0, size, seen, seen + size) !== 0) {
      const http1 = this.speakHttp1();
      feedHeld(http1, seen);
      http1.onBytes(bytes, length);
      this.drainToo(http1);
      return;
    }
    this.seen += size;
    if (this.seen < PREFACE.length) {
      if (seen > 0) return;
      // From its first byte on a head has its own time limit.
      this.firstByteMs = this.owner.clock.now();
      this.owner.wheel.schedule(this, this.firstByteMs + this.owner.settings.headTimeoutMs);
      return;
    }
    this.owner.wheel.cancel(this);
    const http2 = this.owner.speakHttp2(this.accepted, this.peer, this);
    feedHeld(http2, seen);
    http2.onBytes(bytes, length);
    this.drainToo(http2);
  }

  private drainToo(next: Downstream): void {
    if (this.isDraining) next.drain();
  }

  onEnd(): void {
    if (this.isClosing) this.accepted.connection.destroy();
    else this.giveUp().onEnd();
  }

  onDrain(): void {}

  onClosed(_error: Error | null): void {
    this.owner.wheel.cancel(this);
    this.owner.onDownstreamClosed(this);
  }

  /** What is on its way is waited for: it may be a preface, whose connection hears of the drain by GOAWAY. */
  drain(): void {
    if (this.isDraining) return;
    this.isDraining = true;
    const { owner } = this;
    if (!this.isClosing && !owner.handsOver) owner.wheel.schedule(this, owner.clock.now() + LAST_REQUEST_MS);
  }

  /** Nothing is under way. */
  markGone(): boolean {
    return false;
  }

  farewell(): void {}

  farewellMarked(): void {}

  cutMarked(): void {}

  cut(): void {
    this.accepted.connection.destroy();
  }

  /** A silent connection is closed, with a moment for its client to close too; a part of a head is answered. */
  expire(): void {
    const { connection } = this.accepted;
    if (this.seen > 0) {
      this.drainToo(this.giveUp());
    } else if (this.isClosing) {
      connection.destroy();
    } else {
      this.isClosing = true;
      connection.end();
      this.owner.wheel.schedule(this, this.owner.clock.now() + LINGER_MS);
    }
  }

  private giveUp(): Downstream {
    const http1 = this.speakHttp1();
    feedHeld(http1, this.seen);
    return http1;
  }

  private speakHttp1(): Downstream {
    this.owner.wheel.cancel(this);
    return this.owner.speakHttp1(this.accepted, this.peer, this, this.firstByteMs);
  }
}

/** What was held is known: it was a beginning of the preface. */
function feedHeld(to: Downstream, length: number): void {
  if (length > 0) to.onBytes(PREFACE, length);
}
