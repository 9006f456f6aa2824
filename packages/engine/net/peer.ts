import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { PeerMemo } from "../message/index.ts";
import type { Peer, PeerCertificate, PeerTls } from "../message/index.ts";
import type { ProxyAddresses } from "../wire/proxy-protocol/index.ts";
import { serverNameOf } from "./accept.ts";
import { peerCertificateOf } from "./peer-certificate.ts";
import { plainAddress } from "./plain-address.ts";

/**
 * What a connection's socket tells about the client. Asked once, when it is ready: the answers are system calls.
 * `proxied` is what a trusted proxy in front said of it, which then holds.
 */
export function peerOf(socket: Socket, proxied: ProxyAddresses | null): Peer {
  const peer: Peer = {
    address: plainAddress(socket.remoteAddress),
    port: socket.remotePort ?? 0,
    localAddress: plainAddress(socket.localAddress),
    localPort: socket.localPort ?? 0,
    memo: new PeerMemo(),
    tls: "encrypted" in socket ? peerTlsOf(socket as TLSSocket) : null,
  };
  if (proxied === null) return peer;
  const destination = { address: proxied.destinationAddress, port: proxied.destinationPort };
  return { ...peer, address: proxied.sourceAddress, port: proxied.sourcePort, destination };
}

function peerTlsOf(socket: TLSSocket): PeerTls {
  return new SocketTls(socket);
}

/** Certificates are read when a policy asks for one: most connections have none, and reading costs. */
class SocketTls implements PeerTls {
  readonly version: string;
  readonly cipher: string;
  readonly serverName: string;
  readonly alpn: string;
  readonly isResumed: boolean;
  private readonly socket: TLSSocket;
  private certificate: PeerCertificate | null | undefined = undefined;

  constructor(socket: TLSSocket) {
    const { alpnProtocol } = socket;
    this.version = socket.getProtocol() ?? "";
    this.cipher = socket.getCipher()?.name ?? "";
    this.serverName = serverNameOf(socket);
    this.alpn = typeof alpnProtocol === "string" ? alpnProtocol : "";
    this.isResumed = socket.isSessionReused();
    this.socket = socket;
  }

  get clientCertificate(): PeerCertificate | null {
    if (this.certificate === undefined) this.certificate = peerCertificateOf(this.socket);
    return this.certificate;
  }
}
