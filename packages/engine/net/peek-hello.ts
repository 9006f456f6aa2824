import type net from "node:net";
import { parseClientHello } from "../wire/tls/index.ts";
import type { ClientHello } from "../wire/tls/index.ts";

/**
 * Reads the ClientHello of a connection that was accepted paused, and puts it back: whoever shakes hands next sees
 * every byte. `done` is called once, with null for what is none (OpenSSL says so to the client) or for a connection
 * that ended; "timeout" when it does not come in time. The socket is to be used within the call.
 */
export function peekClientHello(
  socket: net.Socket,
  timeoutMs: number,
  done: (hello: ClientHello | null | "timeout") => void,
): void {
  let bytes: Buffer = Buffer.alloc(0);
  const timer = setTimeout(() => finish("timeout"), timeoutMs);
  timer.unref();
  const finish = (hello: ClientHello | null | "timeout"): void => {
    clearTimeout(timer);
    socket.removeListener("data", onData);
    socket.removeListener("end", onEnd);
    socket.removeListener("close", onEnd);
    socket.pause();
    if (bytes.length > 0 && !socket.destroyed && !socket.readableEnded) socket.unshift(bytes);
    done(hello);
  };
  const onEnd = (): void => finish(null);
  const onData = (chunk: Buffer): void => {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    const hello = parseClientHello(bytes);
    if (hello !== "partial") finish(hello === "malformed" ? null : hello);
  };
  socket.on("error", ignore);
  socket.on("data", onData);
  socket.on("end", onEnd);
  socket.on("close", onEnd);
  socket.resume();
}

/** "close" follows, which ends the peek. */
const ignore = (): void => {};
