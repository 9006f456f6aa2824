import type { Socket } from "node:net";
import { systemClock } from "../base/index.ts";
import { Gathered, giveBackParts } from "./gathered.ts";
import type { Part } from "./gathered.ts";
import { PlainSocket } from "./plain-socket.ts";
import type { PlainSocketOwner } from "./plain-socket.ts";
import { givePack, PACK_BYTES } from "./slab-pool.ts";
import { lastWriteError, rawHandleOf, writeAtOnce } from "./raw-writes.ts";
import type { PendingWrite, RawHandle } from "./raw-writes.ts";
import { continueReads, suspendReads, takeReads } from "./raw-reads.ts";
import type { RawReader } from "./raw-reads.ts";
import { resetSocket } from "./reset-socket.ts";
import { writeInTurn } from "./turn.ts";
import type { TurnWriter } from "./turn.ts";

/** What a connection tells its owner. Only `destroy` and `close` call back (`onClosed`) before they return. */
export interface ConnectionEvents {
  /** Bytes [0, length) are valid during the call only. */
  onBytes(bytes: Buffer, length: number): void;
  /** The peer will send no more (FIN, close_notify). Writing goes on. */
  onEnd(): void;
  /** After `flush` returned false: nothing waits any more. */
  onDrain(): void;
  /** Once, last. `error` is what broke the connection, null for an orderly end. */
  onClosed(error: Error | null): void;
}

/** What goes out in one piece waits for the other writes of its turn. */
const TURN_BYTES = PACK_BYTES;

/**
 * One TCP, TLS or unix-socket connection: bytes in by callback, text and bytes out gathered until `flush`.
 *
 *   opening ──(attach)──► open ──(end)──► finishing ──► closed
 *      └──────────────────┴────(destroy, error)───────────▲
 */
export class Connection implements RawReader, TurnWriter, PlainSocketOwner {
  private readonly events: ConnectionEvents;
  private socket: Socket | PlainSocket | null = null;
  private handle: RawHandle | null = null;
  private isShared = false;
  /** Since the last flush. */
  private readonly gathered = new Gathered();
  private isOpen = false;
  private wasOpen = false;
  private isFinishing = false;
  /** What finishes it is a close, not an end. */
  private closesWhole = false;
  isClosed = false;
  waitingReads = 0;
  isSuspended = false;
  /** Its owner makes many requests of one read. */
  isDivisible = false;
  private holdsBack = false;
  /**
   * A write that TLS has taken is over with the turn of the event loop at the earliest, and a second one before that
   * ends the process (TLSWrap::DoWrite): what comes meanwhile is gathered.
   */
  private isSerial = false;
  private isWriting = false;
  /** The text goes out with the writes of this turn. */
  private isInTurn = false;
  private readonly highWaterBytes: number;
  /** Octets that the kernel has not taken yet, and those gathered while opening. */
  private waitingBytes = 0;
  bytesRead = 0;
  bytesWritten = 0;

  constructor(events: ConnectionEvents, highWaterBytes: number) {
    this.events = events;
    this.highWaterBytes = highWaterBytes;
  }

  /** A socket that is not the connection's yet, but is to end with it; `attach` follows. */
  hold(socket: Socket): void {
    this.socket = socket;
  }

  /**
   * Takes the socket whose reads are wired to `received`, `isShared` when they come in the shared buffer. Call `opened`
   * when it is connected (and secured).
   */
  attach(socket: Socket, isShared: boolean): void {
    this.socket = socket;
    this.isShared = isShared;
    socket.on("error", (error) => this.closed(error));
    socket.on("close", () => this.closed(null));
    socket.on("end", () => this.onSocketEnd());
    socket.on("drain", () => this.drained());
  }

  /** The same of one that has no `net.Socket`. */
  attachPlain(socket: PlainSocket): void {
    this.socket = socket;
    this.isShared = true;
    socket.owner = this;
  }

  onSocketEnd(): void {
    if (!this.isClosed) this.events.onEnd();
  }

  onSocketClosed(error: Error | null): void {
    this.closed(error);
  }

  opened(): void {
    if (this.isClosed || this.socket === null) return;
    this.isOpen = true;
    this.wasOpen = true;
    this.handle = rawHandleOf(this.socket);
    this.isSerial = this.handle !== null && "encrypted" in this.socket;
    if (this.isShared) takeReads(this.socket, this);
    this.waitingBytes = 0;
    const mayGoOn = this.flushNow();
    if (this.holdsBack && mayGoOn) this.drained();
    if (this.isFinishing) this.finish();
  }

  /** From the socket's onread callback. False stops reading; the owner's pause does so by itself. */
  received(length: number, bytes: Buffer): boolean {
    if (this.isClosed) return false;
    this.bytesRead += length;
    systemClock.hold();
    try {
      this.events.onBytes(bytes, length);
    } finally {
      systemClock.release();
    }
    return true;
  }

  /** The protocol that ALPN agreed on; "" for none. */
  get alpn(): string {
    const { alpnProtocol } = (this.socket ?? {}) as { alpnProtocol?: string | false | null };
    return typeof alpnProtocol === "string" ? alpnProtocol : "";
  }

  /** Octets that were flushed and that the kernel has not taken yet, and those gathered while opening. */
  get pendingBytes(): number {
    return this.isInTurn ? this.waitingBytes + this.gathered.tailBytes : this.waitingBytes;
  }

  writeText(text: string): void {
    this.gathered.addText(text);
  }

  /**
   * The bytes may be gone after the call: they are copied, or what would be a long copy leaves at once, behind what was
   * gathered. `after` comes behind them.
   */
  writeBytes(bytes: Uint8Array, after: string = ""): void {
    if (bytes.length > PACK_BYTES && this.mayWriteNow()) {
      this.writeNow(bytes, after);
      return;
    }
    this.gathered.addBytes(bytes);
    if (after !== "") this.gathered.addText(after);
  }

  /** TLS does not stand between, nothing has to leave before what is gathered, and that is one piece. */
  private mayWriteNow(): boolean {
    if (!this.isOpen || this.handle === null || this.isSerial || this.waitingBytes > 0) return false;
    return !this.gathered.hasParts && this.gathered.tailBytes <= PACK_BYTES;
  }

  /** What the kernel does not take is gathered. */
  private writeNow(bytes: Uint8Array, after: string): void {
    const { gathered } = this;
    const before = gathered.sealPack();
    const pack = before === 0 ? null : gathered.takePack();
    const pieces = pack === null ? [bytes] : [pack.subarray(0, before), bytes];
    if (after !== "") pieces.push(Buffer.from(after, "latin1"));
    const sent = writeAtOnce(this.handle!, pieces);
    this.bytesWritten += sent;
    gathered.addRest(pieces, sent);
    if (pack !== null) givePack(pack);
  }

  /**
   * Sends what was gathered, what goes out in one piece with the others of this turn. False: more than the high-water mark waits;
   * `onDrain` follows.
   */
  flush(): boolean {
    if (!this.mayWait(this.gathered.tailBytes)) return this.flushNow();
    if (this.isInTurn) return true;
    this.isInTurn = true;
    writeInTurn(this);
    return true;
  }

  private mayWait(length: number): boolean {
    if (!this.isOpen || this.gathered.hasParts) return false;
    return length > 0 && length <= TURN_BYTES && this.waitingBytes + length <= this.highWaterBytes;
  }

  sendGathered(): void {
    if (!this.isInTurn) return;
    this.flushNow();
    if (this.isFinishing && this.isOpen && this.waitingBytes === 0) this.finish();
  }

  /** Sends what was gathered without waiting for the others: for who gathers on his own. */
  flushNow(): boolean {
    this.isInTurn = false;
    if (this.isClosed) {
      this.gathered.drop();
      return true;
    }
    if (!this.isOpen) {
      if (this.wasOpen) {
        this.gathered.drop();
        return true;
      }
      this.waitingBytes = this.gathered.bytes;
      return this.mayGoOn(this.waitingBytes);
    }
    if (this.isWriting) return this.mayGoOn(this.waitingBytes + this.gathered.bytes);
    if (!this.gathered.isText) this.flushPack();
    else if (this.gathered.tailBytes > 0) this.flushText();
    return this.mayGoOn(this.waitingBytes);
  }

  private mayGoOn(waitingBytes: number): boolean {
    if (waitingBytes <= this.highWaterBytes) return true;
    this.holdsBack = true;
    return false;
  }

  private flushText(): void {
    const text = this.gathered.takeText();
    this.bytesWritten += text.length;
    if (this.handle === null) {
      this.writeSlow(text);
      return;
    }
    const result = this.handle.writeLatin1String(null, text);
    if (result !== 0) this.written(result, text.length, null);
  }

  private flushPack(): void {
    const bytes = this.handle === null ? 0 : this.gathered.sealPack();
    if (this.handle === null || bytes === 0) {
      this.flushParts();
      return;
    }
    const pack = this.gathered.takePack();
    this.bytesWritten += bytes;
    const piece = pack.subarray(0, bytes);
    const result = this.handle.writeBuffer(null, piece);
    if (result === 0) givePack(pack);
    else this.written(result, bytes, [piece]);
  }

  private flushParts(): void {
    const parts = this.gathered.takeParts();
    let bytes = 0;
    for (const part of parts) bytes += part.length;
    this.bytesWritten += bytes;
    if (this.handle === null) {
      const socket = this.socket as Socket;
      socket.cork();
      for (const part of parts) this.writeSlow(part);
      socket.uncork();
      return;
    }
    const chunks: unknown[] = [];
    for (const part of parts) chunks.push(part, typeof part === "string" ? "latin1" : "buffer");
    const result = this.handle.writev(null, chunks, false);
    if (result === 0) giveBackParts(parts);
    else this.written(result, bytes, parts);
  }

  /** What a raw write that was not done at once returned. */
  private written(result: number | PendingWrite, bytes: number, parts: Part[] | null): void {
    if (typeof result === "number") {
      this.fail(result);
      return;
    }
    const error = lastWriteError();
    if (error !== 0) {
      this.fail(error);
      return;
    }
    this.waitingBytes += bytes;
    this.isWriting = this.isSerial;
    result.buffer = parts;
    result.oncomplete = (status) => {
      if (parts !== null) giveBackParts(parts);
      this.waitingBytes -= bytes;
      this.isWriting = false;
      if (this.isClosed) return;
      if (status < 0) {
        this.fail(status);
        return;
      }
      if (this.isSerial) this.flushNow();
      if (this.waitingBytes === 0) this.drained();
    };
    if (result.writeStatus !== null && result.writeStatus !== undefined) {
      const status = result.writeStatus;
      result.writeStatus = null;
      result.oncomplete(status);
    }
  }

  /** By `net.Socket`: a plain socket always has the handle. */
  private writeSlow(part: Part): void {
    const socket = this.socket as Socket;
    const length = part.length;
    this.waitingBytes += length;
    const done = (): void => {
      giveBackParts([part]);
      this.waitingBytes -= length;
      if (!this.isClosed && this.waitingBytes === 0) this.drained();
    };
    if (typeof part === "string") socket.write(part, "latin1", done);
    else socket.write(part, done);
  }

  private drained(): void {
    if (this.isClosed || this.waitingBytes > 0) return;
    if (this.isFinishing) {
      this.finish();
      return;
    }
    if (!this.holdsBack) return;
    this.holdsBack = false;
    this.events.onDrain();
  }

  pauseReading(): void {
    this.socket?.pause();
  }

  resumeReading(): void {
    if (!this.isClosed) this.socket?.resume();
  }

  suspendReads(): void {
    if (this.isSuspended || this.isClosed) return;
    this.isSuspended = true;
    suspendReads(this.socket);
  }

  continueReads(): void {
    this.isSuspended = false;
    if (!this.isClosed) continueReads(this.socket);
  }

  /** Sends what was gathered, then FIN. Reading goes on until the peer ends too. */
  end(): void {
    this.finishInTurn();
  }

  /**
   * Sends what was gathered, then closes, without waiting for the peer: for one that has said that it sends no more. What
   * it sends all the same would be answered with a reset, which may cost it what it has not read.
   */
  close(): void {
    this.closesWhole = true;
    this.finishInTurn();
  }

  /** Behind what was gathered, which goes out with the others of this turn if it may. */
  private finishInTurn(): void {
    if (this.isClosed || this.isFinishing) return;
    const waits = this.flush() && this.isInTurn;
    this.isFinishing = true;
    if (!waits && this.isOpen && this.waitingBytes === 0) this.finish();
  }

  private finish(): void {
    if (this.closesWhole) this.destroy();
    else this.socket!.end();
  }

  /** Closes at once; what the kernel has no room for is dropped. `isReset` sends RST, so that the peer cannot take it for an orderly end. */
  destroy(isReset: boolean = false): void {
    if (this.isClosed) return;
    if (this.isInTurn) this.flushNow();
    const { socket, isOpen } = this;
    this.closed(null);
    if (socket === null) return;
    if (isReset && isOpen) resetSocket(socket);
    else socket.destroy();
  }

  /** The socket reports it from its own turn: never from inside the owner's flush. */
  private fail(code: number): void {
    this.isOpen = false;
    this.gathered.drop();
    this.socket?.destroy(new Error(`write failed with code ${code}`));
  }

  private closed(error: Error | null): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.isOpen = false;
    this.handle = null;
    this.gathered.drop();
    this.events.onClosed(error);
  }
}
