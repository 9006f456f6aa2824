import type tls from "node:tls";
import type { ProxyHeader } from "../wire/proxy-protocol/index.ts";
import type { Connection, ConnectionEvents } from "./connection.ts";
import type { PeerSocket } from "./peer.ts";
import type { AcceptProxyHeader } from "./proxy-header.ts";

/** How an accepted connection is secured: asked per connection, so that new certificates serve new handshakes. */
export interface AcceptTls {
  /** Context for a server name (lower-case, "" when the client sent none); null refuses the handshake. */
  contextFor(serverName: string): tls.SecureContext | null;
  /** Context to begin with, before the server name is known: carries tickets and protocol versions. */
  baseContext(): tls.SecureContext;
  /** Whether that server takes that protocol version ("TLSv1.2"): one handshake serves servers of several minimums. */
  takesVersion(serverName: string, version: string): boolean;
  /** ALPN protocols of the server for a name, the preferred one first; [] where there is none. */
  alpnFor(serverName: string): readonly string[];
  /** What an ACME server is shown that validates a name (RFC 8737); null, and no cost, while none asks. */
  readonly challengeFor: ((serverName: string) => tls.SecureContext | null) | null;
  /** Whether TLS for a name is passed on unopened; null, and no cost, where it never is. */
  readonly passes: ((serverName: string) => boolean) | null;
  /** Whether clients are asked for certificates, and refused without a good one; null, and no cost, where not. */
  readonly clientValidation: ClientRules | null;
  readonly handshakeTimeoutMs: number;
  readonly maxHandshakes: number;
  onHandshakeDone(isResumed: boolean): void;
  onHandshakeRefused(kind: HandshakeRefusal): void;
}

/** Whether a client without a good certificate, by these authorities, is refused. */
export interface ClientRules {
  readonly caPem: string;
  readonly mode: "AllowValidOnly" | "AllowInsecureFallback";
}

/** Why a handshake gave no connection. */
export type HandshakeRefusal = "tls-handshake-limit" | "tls-handshake-timeout" | "tls-handshake-failed";

export interface AcceptOptions {
  readonly address: string;
  /** 0 lets the system choose; see AcceptSocket.port. */
  readonly port: number;
  /** Several workers bind the same port, each with an accept queue of its own (Linux). */
  readonly reusePort: boolean;
  readonly backlog: number;
  /** Sockets that listen there already: see ListenPlace. */
  readonly descriptors: readonly number[];
  readonly highWaterBytes: number;
  readonly tls: AcceptTls | null;
  /** Null, and no cost, where no header is expected. */
  readonly proxyHeader: AcceptProxyHeader | null;
  /**
   * Called before anything is allocated for a connection; false closes it at once. `waiting` are those that are not
   * accepted yet, since they owe a PROXY protocol header.
   */
  admit(waiting: number): boolean;
  /** Makes the owner of a new connection. The connection may be used from `ready` on. Null: it closed the connection. */
  accept(socket: AcceptedSocket): ConnectionEvents | null;
}

/** A connection as it comes in: bind events to it, then it is ready. */
export interface AcceptedSocket {
  readonly connection: Connection;
  readonly socket: PeerSocket;
  /** Who gets the connection's events: may be replaced by another owner while it is open. */
  readonly owner: { target: ConnectionEvents | null };
  /** The name that the client asked for, where TLS is passed on unopened; else null. */
  readonly passedName: string | null;
  /** What a proxy in front said of the client; null where none is there. */
  readonly proxyHeader: ProxyHeader | null;
}
