import type dgram from "node:dgram";
import type net from "node:net";

interface Handle {
  readonly fd: number;
  recvStop?(): unknown;
}

/**
 * This thread's listening handles, by descriptor. Who lends a descriptor of its own thread must lend the handle itself:
 * libuv opens none twice in one loop.
 */
const handles = new Map<number, object>();

export const handleOf = (descriptor: number): object | undefined => handles.get(descriptor);

/** The descriptor of a listening server, remembered until it is forgotten; -1 where the runtime has none to give. */
export function rememberServer(server: net.Server): number {
  return remember((server as unknown as { _handle?: Handle | null })._handle ?? null);
}

/** As `rememberServer`, of a bound UDP socket. */
export function rememberDatagrams(socket: dgram.Socket): number {
  return remember(datagramHandle(socket));
}

function remember(handle: Handle | null): number {
  if (handle === null || !(handle.fd >= 0)) return -1;
  handles.set(handle.fd, handle);
  return handle.fd;
}

/** Before it is closed: its number may be another's after that. */
export function forgetDescriptor(descriptor: number): void {
  handles.delete(descriptor);
}

/** Takes no more datagrams off a socket that another process reads too; sending goes on. */
export function stopReceiving(socket: dgram.Socket): void {
  datagramHandle(socket)?.recvStop?.();
}

/** Node keeps it behind a symbol. */
function datagramHandle(socket: dgram.Socket): Handle | null {
  const symbol = Object.getOwnPropertySymbols(socket).find(
    ({ description }) => description === "state symbol",
  );
  if (symbol === undefined) return null;
  const state = (socket as unknown as Record<symbol, { handle?: Handle | null } | undefined>)[symbol];
  return state?.handle ?? null;
}
