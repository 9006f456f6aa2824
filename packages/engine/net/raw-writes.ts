import type { Socket } from "node:net";

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
}

export interface PendingWrite {
  oncomplete: (this: PendingWrite, status: number) => void;
  /** Set when it completed before `oncomplete` could be attached. */
  writeStatus: number | null;
  /** Keeps the memory alive until the kernel has it. */
  buffer: unknown;
}

interface StreamBinding {
  streamBaseState: Int32Array;
  kLastWriteErr: number;
}

const binding: StreamBinding | null = (() => {
  // Lazily created write requests arrived with Node 26; the exact contract is pinned to majors that were tested.
  if (process.versions["bun"] !== undefined || Number(process.versions.node.split(".")[0]) !== 26)
    return null;
  if (process.env["HEDDLE_RAW_WRITES"] === "0") return null;
  try {
    const load = (process as unknown as { binding(name: string): unknown }).binding;
    const found = load.call(process, "stream_wrap") as Partial<StreamBinding>;
    return found.streamBaseState !== undefined && typeof found.kLastWriteErr === "number"
      ? (found as StreamBinding)
      : null;
  } catch {
    return null;
  }
})();

/** The handle when raw writes are safe on this runtime, else null. */
export function rawHandleOf(socket: Socket): RawHandle | null {
  if (binding === null) return null;
  const handle = (socket as unknown as { _handle?: Partial<RawHandle> | null })._handle;
  if (typeof handle?.writeLatin1String !== "function" || typeof handle.writev !== "function") return null;
  return handle as RawHandle;
}

/** Error code of a write that failed although it returned a request; 0 for none. */
export function lastWriteError(): number {
  return binding === null ? 0 : binding.streamBaseState[binding.kLastWriteErr];
}

/** Whether connections write past the stream machinery on this runtime, for what is printed at the start. */
export function usesRawWrites(): boolean {
  return binding !== null;
}
