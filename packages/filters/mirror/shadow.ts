import type { ClockTimer } from "@heddle/engine/base";
import { REFUSED } from "@heddle/engine/filter";
import type { FilterContext, SideCall } from "@heddle/engine/filter";
import { LENGTH_UNKNOWN } from "@heddle/engine/message";
import type { Exchange, RequestHead } from "@heddle/engine/message";
import type { MirrorRoom, RoomTaker } from "./room.ts";

/** Octets of one copy that may wait for a slow mirror; beyond it is given up, since the exchange does not wait. */
export const MAX_PENDING_BYTES = 1_048_576;

/** A mirror that has the whole request and says nothing for this long gives its connection back. */
export const ANSWER_TIMEOUT_MS = 30_000;

/**
 * One copy of one request on its way.
 *
 *   waiting ──(first body bytes, or the end)──► open ──(body ended)──► sent ──(answered, refused, or too late)──► over
 *      └────────────────────────────────────────┴──(too slow, failed, refused, answered early, abandoned)──► over
 *
 * It opens as late as it can, because a body filter before it may have changed the length after the head passed.
 */
export class Shadow implements RoomTaker {
  private readonly cluster: string;
  private readonly exchange: Exchange;
  private readonly head: RequestHead;
  private readonly context: FilterContext;
  private readonly room: MirrorRoom;
  private call: SideCall | null = null;
  private state: "waiting" | "open" | "sent" | "over" = "waiting";
  private writtenBytes = 0;
  private timer: ClockTimer | null = null;

  /** `exchange` is the copy's own. `room`: it has entered it, and leaves it when it is over. */
  constructor(cluster: string, exchange: Exchange, context: FilterContext, room: MirrorRoom) {
    this.cluster = cluster;
    this.exchange = exchange;
    this.head = exchange.request;
    this.context = context;
    this.room = room;
  }

  /** `bodyLength` is the exchange's own by now. */
  write(bytes: Uint8Array, bodyLength: number): void {
    if (this.state === "waiting") this.open(bodyLength);
    if (this.state !== "open") return;
    this.writtenBytes += bytes.length;
    const isTooLong = this.head.bodyLength !== LENGTH_UNKNOWN && this.writtenBytes > this.head.bodyLength;
    const isTooSlow = this.pendingBytes + bytes.length > MAX_PENDING_BYTES;
    if (isTooLong || isTooSlow || !this.room.has(bytes.length, this)) {
      this.drop();
      return;
    }
    this.call!.writeBody(bytes);
  }

  get pendingBytes(): number {
    return this.call === null ? 0 : this.call.pendingBytes;
  }

  finish(bodyLength: number): void {
    if (this.state === "waiting") this.open(bodyLength);
    if (this.state !== "open") return;
    if (this.head.bodyLength !== LENGTH_UNKNOWN && this.writtenBytes < this.head.bodyLength) {
      this.drop();
      return;
    }
    this.state = "sent";
    this.context.count("sent");
    this.timer = this.context.clock.after(ANSWER_TIMEOUT_MS, () => this.onLate());
    this.call!.writeEnd();
  }

  private onLate(): void {
    this.end();
    this.context.count("failed");
    this.call!.abort();
  }

  /** The exchange has ended: a copy that is not whole by now never will be. */
  abandon(): void {
    const wasOpen = this.state === "open";
    if (wasOpen || this.state === "waiting") this.end();
    if (wasOpen) this.call!.abort();
  }

  private open(bodyLength: number): void {
    if (bodyLength === LENGTH_UNKNOWN && this.head.bodyLength !== LENGTH_UNKNOWN) {
      this.head.bodyLength = LENGTH_UNKNOWN;
      this.head.fields.delete("content-length");
    }
    this.state = "open";
    try {
      this.call = this.context.copy(this.cluster, this.exchange, {
        onEnd: (fault) => this.onEnd(fault),
      });
    } catch {
      // Whatever is wrong with the mirror, the exchange is not concerned.
      this.onEnd("HDL_INTERNAL");
    }
  }

  private onEnd(fault: string | undefined): void {
    // After `drop` and `abandon` the outcome is known already.
    if (this.state === "over") return;
    this.timer?.cancel();
    const isEarly = this.state === "open" && this.call !== null;
    this.end();
    if (fault === REFUSED) this.context.count("refused");
    else if (fault !== undefined) this.context.count("failed");
    // Answered before the whole body came: the rest has no reader.
    else if (isEarly) this.call!.abort();
  }

  private end(): void {
    this.state = "over";
    this.room.leave(this);
  }

  private drop(): void {
    this.end();
    this.context.count("dropped");
    this.call!.abort();
  }
}
