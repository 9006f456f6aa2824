import { writevSync } from "node:fs";
import type { Socket } from "node:net";
import type { PlainSocket } from "./plain-socket.ts";
import { streamBinding } from "./stream-binding.ts";

/**
 * Writing past `stream.Writable`: a socket's handle takes a string or buffers at once and says whether the kernel
 * took all of it, which saves the stream machinery for every response (docs/adr/0010-raw-socket-writes.md, with
 * the figures). The handle is not a public API, so it is used only when it looks and answers as expected; anything
 * else falls back to `socket.write`.
 */
export interface RawHandle {
  /** 0: written whole; another number: an error code; an object: a pending request that calls `oncomplete`. */
  writeLatin1String(request: null, text: string): number | PendingWrite;
  writeBuffer(request: null, bytes: Uint8Array): number | PendingWrite;
  writev(request: null, chunks: unknown[], allBuffers: boolean): number | PendingWrite;
  /** Negative once it is closed, and where there is none (Windows). */
  readonly fd?: number;
}

export interface PendingWrite {
  oncomplete: (this: PendingWrite, status: number) => void;
  /** Set when it completed before `oncomplete` could be attached. */
  writeStatus: number | null;
  /** Keeps the memory alive until the kernel has it. */
  buffer: unknown;
}

/** The handle when raw writes are safe on this runtime, else null. */
export function rawHandleOf(socket: Socket | PlainSocket): RawHandle | null {
  if (streamBinding === null) return null;
  const handle = (socket as unknown as { _handle?: Partial<RawHandle> | null })._handle;
  if (typeof handle?.writeLatin1String !== "function" || typeof handle.writev !== "function") return null;
  return handle as RawHandle;
}

/**
 * Octets that the kernel took at once. Unlike the handle's own writes it keeps nothing of the rest, so the pieces need not
 * outlive the call; for a handle that has nothing to write itself. 0 where it may not be asked, or fails: a write by the
 * handle tells why.
 */
export function writeAtOnce(handle: RawHandle, pieces: readonly Uint8Array[]): number {
  const { fd } = handle;
  if (fd === undefined || fd < 0) return 0;
  try {
    return writevSync(fd, pieces);
  } catch {
    return 0;
  }
}

/** Error code of a write that failed although it returned a request; 0 for none. */
export function lastWriteError(): number {
  return streamBinding === null ? 0 : streamBinding.streamBaseState[streamBinding.kLastWriteErr];
}

/** Whether connections write past the stream machinery on this runtime, for what is printed at the start. */
export function usesRawWrites(): boolean {
  return streamBinding !== null;
}
