import type net from "node:net";
import tls from "node:tls";
import type { Connection } from "./connection.ts";
import { sharedReadBuffer } from "./slab-pool.ts";
import { streamBinding } from "./stream-binding.ts";

interface Handle {
  reading?: boolean;
  readStop?(): unknown;
}

interface Handled {
  _handle: Handle | null;
  _server?: unknown;
  server?: unknown;
}

/**
 * Accepted sockets cannot be given a read buffer, so the accepted handle moves to a socket of our own that reads
 * into the worker's shared buffer (docs/adr/0011-shared-read-buffer.md): 8–20 % of CPU, and 64 KiB less for
 * each idle connection. Null where there is none to move: the socket's own chunks are used. Of a socket that may have
 * read already: see `takeHeld`, first.
 */
export function takeHandle(accepted: net.Socket): object | null {
  const holder = accepted as unknown as Handled;
  const handle = holder._handle;
  if (handle === null || handle === undefined) return null;
  if (handle.reading === true) {
    handle.reading = false;
    handle.readStop?.();
  }
  holder._handle = null;
  return handle;
}

/** What a paused socket has read, and nobody has had; null where that is nothing. For who takes its handle. */
export function takeHeld(accepted: net.Socket): Buffer | null {
  return accepted.readableLength === 0 ? null : (accepted.read() as Buffer | null);
}

/** For a socket that reads into the worker's shared buffer. */
export function readInto(connection: Connection): {
  buffer: Buffer;
  callback: (n: number, b: Uint8Array) => boolean;
} {
  return {
    buffer: sharedReadBuffer,
    callback: (length, bytes) => connection.received(length, bytes as Buffer),
  };
}

/** The server's count of connections goes down when the socket that carries it is destroyed. */
export function moveCount(from: net.Socket, to: net.Socket): void {
  const source = from as unknown as Handled;
  const target = to as unknown as Handled;
  target._server = source._server;
  target.server = source.server;
  source._server = null;
  source.server = null;
}

interface WrapsHandle {
  _wrapHandle(wrap: unknown, handle: unknown, hasActiveWrite: boolean): unknown;
}

/** Where a TLSSocket that is given no socket makes a handle of its own: the one hook that it offers. */
export const canWrapHandle =
  typeof (tls.TLSSocket.prototype as Partial<WrapsHandle>)._wrapHandle === "function";

/** A server's TLSSocket over an accepted handle, which reads into a buffer of the caller's. */
export class HandleTlsSocket extends tls.TLSSocket {
  constructor(handle: unknown, options: object) {
    super(undefined as unknown as net.Socket, { ...options, acceptedHandle: handle } as tls.TLSSocketOptions);
    // Without a socket it believes that it still has to connect.
    (this as { connecting: boolean }).connecting = false;
  }

  /** @internal called by TLSSocket's constructor, before this class has fields */
  _wrapHandle(wrap: unknown, handle: unknown, hasActiveWrite: boolean): unknown {
    const { acceptedHandle } = (this as unknown as { _tlsOptions: { acceptedHandle?: unknown } })._tlsOptions;
    const original = (tls.TLSSocket.prototype as unknown as WrapsHandle)._wrapHandle;
    return original.call(this, wrap, handle ?? acceptedHandle, hasActiveWrite);
  }
}

/** Whether `feed` does what it says: it is no public API, so on runtimes alone whose contract was tested. */
export const canFeed = streamBinding !== null;

/** Gives a TLS socket octets that came before it, as Node does for those that the socket below has read. */
export function feed(socket: tls.TLSSocket, bytes: Buffer): void {
  (socket as unknown as { _handle: { receive(bytes: Buffer): void } | null })._handle?.receive(bytes);
}
