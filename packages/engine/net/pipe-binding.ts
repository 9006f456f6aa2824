// oxlint-disable-next-line import/no-unassigned-import -- Node makes a UDP handle of a passed socket only where it knows them
import "node:dgram";

interface Requests {
  new (): { oncomplete?: (status: number) => void };
}

interface Openable {
  open(descriptor: number): number;
}

/** A pipe that octets and descriptors go over (SCM_RIGHTS), as Node's own channel to a child process is. */
export interface PipeHandle extends Openable {
  readonly fd: number;
  /** What came with the octets that are being read. */
  pendingHandle: DescriptorHandle | null;
  onread: (bytes: ArrayBuffer | undefined) => void;
  connect(request: object, path: string): number;
  readStart(): number;
  writeUtf8String(request: object, text: string, handle?: object): number;
  close(done?: () => void): void;
}

/** A TCP socket that does not listen yet. Results are 0 or libuv's negative error codes. */
export interface TcpServerHandle extends Openable {
  bind(address: string, port: number): number;
  bind6(address: string, port: number, flags: number): number;
  getsockname(out: object): number;
  close(): void;
}

/** A socket that was passed. */
export interface DescriptorHandle {
  readonly fd: number;
  close(): void;
}

/**
 * Node's parts for passing descriptors to a process that is no child, and for binding without listening. Not a public API: null unless the runtime is one
 * whose exact contract was tested (docs/adr/0025-hot-upgrade.md).
 */
export interface PipeBinding {
  readonly Pipe: new (type: number) => PipeHandle;
  readonly PipeConnectWrap: Requests;
  readonly WriteWrap: Requests;
  readonly TCP: new (type: number) => TcpServerHandle;
  readonly UDP: new () => Openable;
  readonly ipcPipe: number;
  readonly tcpServer: number;
  readonly streamBaseState: Int32Array;
  readonly kReadBytesOrError: number;
}

export const pipeBinding: PipeBinding | null = (() => {
  if (process.versions["bun"] !== undefined || Number(process.versions.node.split(".")[0]) !== 26)
    return null;
  try {
    const load = (process as unknown as { binding(name: string): Record<string, unknown> }).binding;
    const pipes = load.call(process, "pipe_wrap");
    const tcp = load.call(process, "tcp_wrap");
    const udp = load.call(process, "udp_wrap");
    const streams = load.call(process, "stream_wrap");
    const found = {
      Pipe: pipes["Pipe"],
      PipeConnectWrap: pipes["PipeConnectWrap"],
      WriteWrap: streams["WriteWrap"],
      TCP: tcp["TCP"],
      UDP: udp["UDP"],
      ipcPipe: (pipes["constants"] as Record<string, unknown>)["IPC"],
      tcpServer: (tcp["constants"] as Record<string, unknown>)["SERVER"],
      streamBaseState: streams["streamBaseState"],
      kReadBytesOrError: streams["kReadBytesOrError"],
    };
    return Object.values(found).every((part) => part !== undefined)
      ? (found as unknown as PipeBinding)
      : null;
  } catch {
    return null;
  }
})();
