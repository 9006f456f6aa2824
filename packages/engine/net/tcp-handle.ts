import net from "node:net";
import type { ShutdownRequest } from "./stream-binding.ts";

/**
 * Node's handle of a TCP connection, as it is on the runtimes that `streamBinding` is not null for. Not a public API.
 * Results are 0 or libuv's negative error codes.
 */
export interface TcpHandle {
  /** What its user wants: the handle itself does not look at it. */
  reading?: boolean;
  onread?: (this: TcpHandle, bytes: unknown) => unknown;
  useUserBuffer(buffer: Uint8Array): void;
  readStart(): number;
  readStop(): number;
  shutdown(request: ShutdownRequest): number;
  close(done?: () => void): void;
  reset(done?: () => void): number;
  getpeername(out: object): number;
  getsockname(out: object): number;
  setNoDelay(isOn: boolean): number;
}

/** What a listening socket has given: the handle alone where the runtime's is known, else a paused socket. */
export type Accepted = TcpHandle | net.Socket;

/** A socket for who needs a stream. */
export function socketOf(accepted: Accepted): net.Socket {
  if (accepted instanceof net.Socket) return accepted;
  return new net.Socket({
    handle: accepted,
    allowHalfOpen: true,
    pauseOnCreate: true,
    readable: true,
    writable: true,
  } as unknown as net.SocketConstructorOpts);
}

/** Closes at once. */
export function closeAccepted(accepted: Accepted): void {
  if (accepted instanceof net.Socket) accepted.destroy();
  else accepted.close();
}

/** As the system writes it; undefined where it is gone. */
export function remoteAddressOf(accepted: Accepted): string | undefined {
  if (accepted instanceof net.Socket) return accepted.remoteAddress;
  const name: { address?: string } = {};
  accepted.getpeername(name);
  return name.address;
}
