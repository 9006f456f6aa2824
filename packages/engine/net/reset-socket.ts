import type { Socket } from "node:net";
import { PlainSocket } from "./plain-socket.ts";

interface TcpHandle {
  close(done?: () => void): unknown;
  reset?(done?: () => void): unknown;
}

/**
 * Closes with RST, so that the peer cannot take what it got for all there was. A TLS socket has no way to do so of
 * its own: the TCP handle below it is told to. Where there is none (a unix socket, another runtime) it is a plain
 * close, without a TLS close_notify.
 *
 * So it is while an end of the socket's own is on its way (`end` was called, and the system has not been told yet): a
 * handle refuses the reset then, and, having been asked, it can be closed no more. All that was written is with the
 * kernel by then.
 */
export function resetSocket(socket: Socket | PlainSocket): void {
  if (socket instanceof PlainSocket) {
    socket.resetAndDestroy();
    return;
  }
  if (isShuttingDown(socket)) {
    socket.destroy();
    return;
  }
  const handle = (socket as unknown as { _handle?: (TcpHandle & { _parent?: TcpHandle }) | null })._handle;
  const below = handle?._parent;
  if (typeof below?.reset === "function") {
    below.close = (done) => below.reset!(done);
    socket.destroy();
  } else if (typeof handle?.reset === "function") {
    socket.resetAndDestroy();
  } else {
    socket.destroy();
  }
}

function isShuttingDown(socket: Socket): boolean {
  return socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
}
