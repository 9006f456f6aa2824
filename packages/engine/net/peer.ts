import type { TLSSocket } from "node:tls";
import { PeerMemo } from "../message/index.ts";
import type { Peer, PeerCertificate, PeerTls } from "../message/index.ts";
import type { ProxyAddresses } from "../wire/proxy-protocol/index.ts";
import { serverNameOf } from "./tls-facts.ts";
import { peerCertificateOf } from "./peer-certificate.ts";
import { plainAddress } from "./plain-address.ts";

/** What a connection's socket tells. */
export interface PeerSocket {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
}

/**
 * What a connection's socket tells about the client; asked once, when it is ready. `proxied` is what a trusted proxy in
 * front said of it, which then holds.
 */
export function peerOf(socket: PeerSocket, proxied: ProxyAddresses | null): Peer {
  return new SocketPeer(socket, proxied);
}

class SocketPeer implements Peer {
  readonly address: string;
  readonly port: number;
  readonly tls: PeerTls | null;
  readonly destination: { readonly address: string; readonly port: number } | undefined;
  readonly memo = new PeerMemo();
  private readonly socket: PeerSocket;

  constructor(socket: PeerSocket, proxied: ProxyAddresses | null) {
    this.socket = socket;
    this.address = proxied?.sourceAddress ?? plainAddress(socket.remoteAddress);
    this.port = proxied?.sourcePort ?? socket.remotePort ?? 0;
    this.tls = "encrypted" in socket ? peerTlsOf(socket as TLSSocket) : null;
    this.destination =
      proxied === null ? undefined : { address: proxied.destinationAddress, port: proxied.destinationPort };
  }

  /** A system call that few need; "" once the connection is gone, if nobody has asked before. */
  get localAddress(): string {
    return plainAddress(this.socket.localAddress);
  }

  get localPort(): number {
    return this.socket.localPort ?? 0;
  }
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
