import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { PeerMemo } from "../message/index.ts";
import type { Peer, PeerTls } from "../message/index.ts";
import { serverNameOf } from "./accept.ts";

const MAPPED = "::ffff:";

export function plainAddress(address: string | undefined): string {
  if (address === undefined) return "";
  return address.startsWith(MAPPED) ? address.slice(MAPPED.length) : address;
}

/** What a connection's socket tells about the client. Asked once, when it is ready: the answers are system calls. */
export function peerOf(socket: Socket): Peer {
  return {
    address: plainAddress(socket.remoteAddress),
    port: socket.remotePort ?? 0,
    localAddress: plainAddress(socket.localAddress),
    localPort: socket.localPort ?? 0,
    memo: new PeerMemo(),
    tls: "encrypted" in socket ? peerTlsOf(socket as TLSSocket) : null,
  };
}

function peerTlsOf(socket: TLSSocket): PeerTls {
  const { alpnProtocol } = socket;
  return {
    version: socket.getProtocol() ?? "",
    cipher: socket.getCipher()?.name ?? "",
    serverName: serverNameOf(socket),
    alpn: typeof alpnProtocol === "string" ? alpnProtocol : "",
    isResumed: socket.isSessionReused(),
  };
}
