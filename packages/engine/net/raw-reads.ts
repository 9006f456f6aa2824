import type { Socket } from "node:net";
import type { PlainSocket } from "./plain-socket.ts";
import { sharedReadBuffer } from "./slab-pool.ts";
import { streamBinding } from "./stream-binding.ts";
import type { TurnReader } from "./read-row.ts";
import { finishReads, readInTurn } from "./turn.ts";

/** Who gets what a handle reads into the shared buffer. */
export interface RawReader extends TurnReader {
  readonly isClosed: boolean;
}

type OnRead = (this: ReadHandle, bytes: unknown) => unknown;

interface ReadHandle {
  onread?: OnRead;
  heddleReader?: RawReader;
  heddleOnRead?: OnRead;
  /** What the socket wants. */
  reading?: boolean;
  readStart?(): number;
  readStop?(): number;
}

/**
 * Reading past the socket: a handle calls back into `net.Socket`, which finds itself, its idle timer and its buffer
 * again before it calls us, in memory that is cold when a thousand connections take turns. Octets come straight here;
 * the end, errors and a closed connection go the socket's own way (docs/adr/0011-shared-read-buffer.md). Only for a
 * socket that reads into the shared buffer.
 */
export function takeReads(socket: Socket | PlainSocket, reader: RawReader): void {
  if (streamBinding === null) return;
  const handle = handleOf(socket);
  if (handle === null || typeof handle.onread !== "function") return;
  handle.heddleReader = reader;
  handle.heddleOnRead = handle.onread;
  handle.onread = onRead;
}

function onRead(this: ReadHandle, bytes: unknown): unknown {
  const { streamBaseState, kReadBytesOrError } = streamBinding!;
  const length = streamBaseState[kReadBytesOrError];
  const reader = this.heddleReader!;
  if (length <= 0 || reader.isClosed) {
    if (length < 0 && !reader.isClosed && !finishReads(reader)) {
      const end = new LateEnd(this, reader, length);
      if (!readInTurn(end, 0, sharedReadBuffer)) end.received();
      return undefined;
    }
    return this.heddleOnRead!(bytes);
  }
  if (!readInTurn(reader, length, sharedReadBuffer)) reader.received(length, sharedReadBuffer);
  return undefined;
}

/** The end of a connection, or what broke it, of which some reads still wait: it comes after them. */
class LateEnd implements TurnReader {
  waitingReads = 0;
  readonly isSuspended = false;
  readonly isDivisible = false;
  private readonly handle: ReadHandle;
  private readonly reader: RawReader;
  private readonly code: number;

  constructor(handle: ReadHandle, reader: RawReader, code: number) {
    this.handle = handle;
    this.reader = reader;
    this.code = code;
    // Its reads are not to be continued.
    reader.waitingReads++;
  }

  received(): boolean {
    this.reader.waitingReads--;
    if (this.reader.isClosed) return false;
    const { streamBaseState, kReadBytesOrError } = streamBinding!;
    streamBaseState[kReadBytesOrError] = this.code;
    this.handle.heddleOnRead!(undefined);
    return false;
  }

  suspendReads(): void {}

  continueReads(): void {}
}

/** Leaves what comes in the kernel, whatever the socket wants. */
export function suspendReads(socket: Socket | PlainSocket | null): void {
  handleOf(socket)?.readStop?.();
}

/** Reads again, if the socket wants it. */
export function continueReads(socket: Socket | PlainSocket | null): void {
  const handle = handleOf(socket);
  if (handle?.reading === true) handle.readStart?.();
}

function handleOf(socket: Socket | PlainSocket | null): ReadHandle | null {
  return (socket as unknown as { _handle?: ReadHandle | null } | null)?._handle ?? null;
}
