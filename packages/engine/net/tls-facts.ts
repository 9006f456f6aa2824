import type tls from "node:tls";

interface VerifyingHandle {
  verifyError?: () => unknown;
}

/** Whether the client of a connection showed a certificate whose chain was verified. */
export function isVerifiedClient(socket: tls.TLSSocket): boolean {
  const handle = (socket as unknown as { _handle: VerifyingHandle | null })._handle;
  if (handle === null || typeof handle.verifyError !== "function") return false;
  if (socket.isSessionReused() || socket.getPeerX509Certificate() === undefined) return false;
  // OpenSSL goes on whatever it finds (Node's own servers ask the same question here): null is "no error".
  return handle.verifyError() === null;
}

/** Lower-case; "" when the client sent none. */
export function serverNameOf(socket: tls.TLSSocket): string {
  const { servername } = socket as tls.TLSSocket & { servername?: string | false | null };
  return typeof servername === "string" ? servername.toLowerCase() : "";
}
