/**
 * Node's own numbers and requests of a stream operation, shared by raw-reads.ts, raw-writes.ts and plain-socket.ts. Not a
 * public API: null unless the runtime is one whose exact contract was tested (docs/adr/0010-raw-socket-writes.md, 0011).
 */
export interface StreamBinding {
  readonly ShutdownWrap: new () => ShutdownRequest;
  readonly streamBaseState: Int32Array;
  readonly kLastWriteErr: number;
  readonly kReadBytesOrError: number;
}

export interface ShutdownRequest {
  handle: unknown;
  oncomplete: (this: ShutdownRequest, status: number) => void;
}

export const streamBinding: StreamBinding | null = (() => {
  // Lazily created write requests arrived with Node 26; the exact contract is pinned to majors that were tested.
  if (process.versions["bun"] !== undefined || Number(process.versions.node.split(".")[0]) !== 26)
    return null;
  if (process.env["HEDDLE_RAW_WRITES"] === "0") return null;
  try {
    const load = (process as unknown as { binding(name: string): unknown }).binding;
    const found = load.call(process, "stream_wrap") as Partial<StreamBinding>;
    return found.streamBaseState !== undefined &&
      typeof found.ShutdownWrap === "function" &&
      typeof found.kLastWriteErr === "number" &&
      typeof found.kReadBytesOrError === "number"
      ? (found as StreamBinding)
      : null;
  } catch {
    return null;
  }
})();
