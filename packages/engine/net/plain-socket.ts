import { constants } from "node:os";
import { getSystemErrorName } from "node:util";
import { sharedReadBuffer } from "./slab-pool.ts";
import { streamBinding } from "./stream-binding.ts";
import type { ShutdownRequest } from "./stream-binding.ts";
import type { TcpHandle } from "./tcp-handle.ts";

/** Who gets what becomes of a `PlainSocket`. What it reads goes past it, once its reads are taken (raw-reads.ts). */
export interface PlainSocketOwner {
  readonly isClosed: boolean;
  /** The peer will send no more. */
  onSocketEnd(): void;
  /** Once, in a turn of its own, if the owner is not closed by then. */
  onSocketClosed(error: Error | null): void;
}

/** libuv's own number for the end of what a peer sends, on every system. */
const UV_EOF = -4095;
const UV_ENOTCONN = -constants.errno.ENOTCONN;
const NOBODY: SocketAddress = { address: "", port: 0 };

interface SocketAddress {
  address: string;
  port: number;
}

/** A handle knows its socket by this, as Node's do by a symbol that is Node's own. */
interface OwnedHandle extends TcpHandle {
  heddlePlain: PlainSocket;
}

/**
 * A TCP connection without `net.Socket`, whose streams, events and ticks cost more than all else that becomes of a
 * connection of one request (docs/adr/0011-shared-read-buffer.md, with the figures). It does what `Connection` asks of a
 * socket, at the same moments: an end that comes while reading is paused waits for `resume`, and a connection that
 * both sides have ended is closed.
 */
export class PlainSocket {
  /** Named as in `net.Socket`: raw-reads.ts, raw-writes.ts and reset-socket.ts find it in either. Null: closed. */
  _handle: TcpHandle | null;
  /** Set before the first `resume`. */
  owner: PlainSocketOwner | null = null;
  private hasEnded = false;
  /** The peer's end came while nobody wanted to read. */
  private isEndHeld = false;
  private isShutting = false;
  private isShut = false;
  private peerName: SocketAddress | null = null;
  private ownName: SocketAddress | null = null;

  /** Takes a connected handle that does not read. */
  constructor(handle: TcpHandle) {
    this._handle = handle;
    handle.reading = false;
    (handle as OwnedHandle).heddlePlain = this;
    handle.onread = onRead;
    handle.useUserBuffer(sharedReadBuffer);
  }

  get remoteAddress(): string {
    return this.remote.address;
  }

  get remotePort(): number {
    return this.remote.port;
  }

  get localAddress(): string {
    return this.local.address;
  }

  get localPort(): number {
    return this.local.port;
  }

  private get remote(): SocketAddress {
    if (this.peerName !== null || this._handle === null) return this.peerName ?? NOBODY;
    const name = { address: "", port: 0 };
    return this._handle.getpeername(name) === 0 ? (this.peerName = name) : NOBODY;
  }

  private get local(): SocketAddress {
    if (this.ownName !== null || this._handle === null) return this.ownName ?? NOBODY;
    const name = { address: "", port: 0 };
    return this._handle.getsockname(name) === 0 ? (this.ownName = name) : NOBODY;
  }

  pause(): void {
    const handle = this._handle;
    if (handle === null || handle.reading !== true) return;
    handle.reading = false;
    if (!this.hasEnded) handle.readStop();
  }

  resume(): void {
    const handle = this._handle;
    if (handle === null || handle.reading === true) return;
    handle.reading = true;
    if (this.isEndHeld) {
      this.isEndHeld = false;
      process.nextTick(tellEnd, this);
    }
    if (this.hasEnded) return;
    const code = handle.readStart();
    if (code !== 0) this.destroy(systemError(code, "read"));
  }

  /** Sends FIN behind what was written. */
  end(): void {
    const handle = this._handle;
    if (handle === null || this.isShutting || this.isShut) return;
    this.isShutting = true;
    const request = new streamBinding!.ShutdownWrap();
    request.handle = handle;
    request.oncomplete = onShut;
    const code = handle.shutdown(request);
    // Done at once, or the peer has closed the connection already.
    if (code === 1 || code === UV_ENOTCONN) this.shut();
    else if (code !== 0) this.destroy(systemError(code, "shutdown"));
  }

  /** Closes at once; what the kernel has no room for is dropped. */
  destroy(error: Error | null = null): void {
    const handle = this._handle;
    if (handle === null) return;
    this._handle = null;
    handle.close();
    if (!this.owner!.isClosed) process.nextTick(tellClosed, this, error);
  }

  /** Closes with RST. A handle whose own end is on its way refuses that, and can be closed no more once it was asked. */
  resetAndDestroy(): void {
    if (this._handle === null || this.isShutting) {
      this.destroy();
      return;
    }
    const handle = this._handle;
    this._handle = null;
    handle.reset();
    if (!this.owner!.isClosed) process.nextTick(tellClosed, this, null);
  }

  /** @internal */
  shut(): void {
    this.isShutting = false;
    this.isShut = true;
    if (this.hasEnded && !this.isEndHeld) this.destroy();
  }

  /** @internal a negative result of a read */
  readFailed(code: number): void {
    const handle = this._handle;
    if (handle === null || this.hasEnded) return;
    if (code !== UV_EOF) {
      this.destroy(systemError(code, "read"));
      return;
    }
    this.hasEnded = true;
    if (handle.reading === true) this.tellEnd();
    else this.isEndHeld = true;
  }

  /** @internal */
  tellEnd(): void {
    if (this._handle === null) return;
    this.owner!.onSocketEnd();
    if (this.isShut) this.destroy();
  }
}

/** Before the reads are taken, and afterwards for what is no octets. */
function onRead(this: TcpHandle): undefined {
  const code = streamBinding!.streamBaseState[streamBinding!.kReadBytesOrError];
  if (code < 0) (this as OwnedHandle).heddlePlain.readFailed(code);
}

function onShut(this: ShutdownRequest): void {
  (this.handle as OwnedHandle).heddlePlain.shut();
}

function tellEnd(socket: PlainSocket): void {
  socket.tellEnd();
}

function tellClosed(socket: PlainSocket, error: Error | null): void {
  const owner = socket.owner!;
  if (!owner.isClosed) owner.onSocketClosed(error);
}

function systemError(code: number, call: string): NodeJS.ErrnoException {
  const name = getSystemErrorName(code);
  const error: NodeJS.ErrnoException = new Error(`${call} ${name}`);
  error.errno = code;
  error.code = name;
  error.syscall = call;
  return error;
}
