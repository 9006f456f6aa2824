import type { Socket } from "node:net";
import { sharedReadBuffer } from "./slab-pool.ts";
import { streamBinding } from "./stream-binding.ts";
import { deliverReads, readInTurn } from "./turn.ts";

/** Who gets what a handle reads into the shared buffer. */
export interface RawReader {
  readonly isClosed: boolean;
  received(length: number, bytes: Buffer): boolean;
}

type OnRead = (this: ReadHandle, bytes: unknown) => unknown;

interface ReadHandle {
  onread?: OnRead;
  heddleReader?: RawReader;
  heddleOnRead?: OnRead;
}

/**
 * Reading past the socket: a handle calls back into `net.Socket`, which finds itself, its idle timer and its buffer
 * again before it calls us, in memory that is cold when a thousand connections take turns. Octets come straight here;
 * the end, errors and a closed connection go the socket's own way (docs/adr/0011-shared-read-buffer.md). Only for a
 * socket that reads into the shared buffer.
 */
export function takeReads(socket: Socket, reader: RawReader): void {
  if (streamBinding === null) return;
  const handle = (socket as unknown as { _handle?: ReadHandle | null })._handle;
  if (handle === null || handle === undefined || typeof handle.onread !== "function") return;
  handle.heddleReader = reader;
  handle.heddleOnRead = handle.onread;
  handle.onread = onRead;
}

function onRead(this: ReadHandle, bytes: unknown): unknown {
  const { streamBaseState, kReadBytesOrError } = streamBinding!;
  const length = streamBaseState[kReadBytesOrError];
  const reader = this.heddleReader!;
  if (length <= 0 || reader.isClosed) {
    deliverReads();
    return this.heddleOnRead!(bytes);
  }
  if (!readInTurn(reader, length, sharedReadBuffer)) reader.received(length, sharedReadBuffer);
  return undefined;
}
