import net from "node:net";
import tls from "node:tls";
import type { ProxyHeader } from "../wire/proxy-protocol/index.ts";
import {
  canFeed,
  canWrapHandle,
  feed,
  HandleTlsSocket,
  moveCount,
  takeHandle,
  takeHeld,
} from "./accepted-handle.ts";
import { Connection } from "./connection.ts";
import { Gauge } from "./gauge.ts";
import { ListeningSockets } from "./listening-sockets.ts";
import { peekClientHello } from "./peek-hello.ts";
import type { ConnectionEvents } from "./connection.ts";
import { plainAddress } from "./plain-address.ts";
import { HeaderEvents, takeProxyHeader } from "./proxy-header.ts";
import type { AcceptProxyHeader, HeadersAwaited } from "./proxy-header.ts";
import { sharedReadBuffer } from "./slab-pool.ts";

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
  readonly socket: net.Socket;
  /** Who gets the connection's events: may be replaced by another owner while it is open. */
  readonly owner: { target: ConnectionEvents | null };
  /** The name that the client asked for, where TLS is passed on unopened; else null. */
  readonly passedName: string | null;
  /** What a proxy in front said of the client; null where none is there. */
  readonly proxyHeader: ProxyHeader | null;
}

/** A listening socket. */
export interface AcceptSocket {
  readonly port: number;
  readonly address: string;
  /** Of the listening sockets, for another process; -1 for one that the runtime does not tell. */
  readonly descriptors: readonly number[];
  /** Takes what has come by now and stops accepting; accepted connections live on. Resolves when nothing is bound. */
  close(): Promise<void>;
  /** After `close`: resolves when those that shake hands, or owe a header, have an owner or are gone. */
  settled(): Promise<void>;
  /** Stops accepting at once. */
  abandon(): void;
}

/** Proxy of events while the owner is being made: the owner needs the connection and the other way round. */
class LateEvents implements ConnectionEvents {
  target: ConnectionEvents | null = null;
  onBytes(bytes: Buffer, length: number): void {
    this.target?.onBytes(bytes, length);
  }
  onEnd(): void {
    this.target?.onEnd();
  }
  onDrain(): void {
    this.target?.onDrain();
  }
  onClosed(error: Error | null): void {
    this.target?.onClosed(error);
  }
}

/** Binds and accepts. Rejects with the system's error (EADDRINUSE, EACCES, EADDRNOTAVAIL). */
export async function openAcceptSocket(options: AcceptOptions): Promise<AcceptSocket> {
  const acceptTls = options.tls === null ? null : new TlsAcceptor(options, options.tls);
  const awaited = new Gauge();
  const accept = (socket: net.Socket): void => {
    if (acceptTls === null) acceptPlain(socket, options);
    else acceptTls.accept(socket, null);
  };
  const acceptProxied = (socket: net.Socket, rules: AcceptProxyHeader): void => {
    if (!rules.isTrusted(plainAddress(socket.remoteAddress))) {
      if (rules.others === "plain") {
        accept(socket);
        return;
      }
      socket.destroy();
      rules.onHeaderRefused("proxy-header-untrusted");
    } else if (acceptTls === null) {
      acceptBehindHeader(socket, options, rules, awaited);
    } else {
      takeProxyHeader(socket, rules, awaited, (header) => {
        // Others may have come meanwhile, and the end of a drain.
        if (options.admit(awaited.count)) acceptTls.accept(socket, header);
        else socket.destroy();
      });
    }
  };
  const sockets = await ListeningSockets.open(options, (socket) => {
    if (!options.admit(awaited.count)) {
      socket.destroy();
      return;
    }
    const { proxyHeader: rules } = options;
    if (rules === null) accept(socket);
    else acceptProxied(socket, rules);
  });
  const handshakes = acceptTls?.handshakes ?? new Gauge();
  return {
    port: sockets.port,
    address: sockets.address,
    descriptors: sockets.descriptors,
    close: () => sockets.closeEmptied(),
    async settled() {
      // From one to the other there is no turn between.
      while (awaited.count + handshakes.count > 0) await Promise.all([awaited.zero(), handshakes.zero()]);
    },
    abandon: () => sockets.close(),
  };
}

function readInto(connection: Connection): {
  buffer: Buffer;
  callback: (n: number, b: Uint8Array) => boolean;
} {
  return {
    buffer: sharedReadBuffer,
    callback: (length, bytes) => connection.received(length, bytes as Buffer),
  };
}

/** In clear text, without a header. */
function acceptPlain(accepted: net.Socket, options: AcceptOptions): void {
  const late = new LateEvents();
  const connection = new Connection(late, options.highWaterBytes);
  const socket = attachPlain(accepted, connection, takeHandle(accepted));
  late.target = options.accept({ connection, socket, owner: late, passedName: null, proxyHeader: null });
  begin(connection, socket);
}

/** In clear text: what is behind the header comes to its owner in the same read. */
function acceptBehindHeader(
  accepted: net.Socket,
  options: AcceptOptions,
  rules: AcceptProxyHeader,
  awaited: HeadersAwaited,
): void {
  const late = new LateEvents();
  const connection = new Connection(late, options.highWaterBytes);
  const socket = attachPlain(accepted, connection, takeHandle(accepted));
  late.target = new HeaderEvents(rules, awaited, late, (proxyHeader) => {
    late.target = null;
    // Others may have come meanwhile, and the end of a drain.
    if (proxyHeader === null || !options.admit(awaited.count)) connection.destroy();
    else late.target = options.accept({ connection, socket, owner: late, passedName: null, proxyHeader });
  });
  begin(connection, socket);
}

/** TLS that is passed on unopened: its ClientHello was read, and comes to its owner before the rest. */
function acceptPassed(
  accepted: net.Socket,
  options: AcceptOptions,
  passedName: string,
  proxyHeader: ProxyHeader | null,
): void {
  const late = new LateEvents();
  const connection = new Connection(late, options.highWaterBytes);
  const held = takeHeld(accepted);
  const socket = attachPlain(accepted, connection, takeHandle(accepted));
  late.target = options.accept({ connection, socket, owner: late, passedName, proxyHeader });
  begin(connection, socket);
  if (held !== null) connection.received(held.length, held);
}

/** `handle`: the accepted socket's, taken from it; null where it is not to be had. */
function attachPlain(accepted: net.Socket, connection: Connection, handle: unknown): net.Socket {
  if (handle === null) {
    accepted.on("data", (bytes: Buffer) => connection.received(bytes.length, bytes));
    connection.attach(accepted, false);
    return accepted;
  }
  const socket = new net.Socket({
    handle,
    onread: readInto(connection),
    allowHalfOpen: true,
  } as net.SocketConstructorOpts);
  moveCount(accepted, socket);
  connection.attach(socket, true);
  return socket;
}

function begin(connection: Connection, socket: net.Socket): void {
  connection.opened();
  if (!connection.isClosed) socket.resume();
}

class TlsAcceptor {
  private readonly options: AcceptOptions;
  private readonly tls: AcceptTls;
  readonly handshakes = new Gauge();

  constructor(options: AcceptOptions, acceptTls: AcceptTls) {
    this.options = options;
    this.tls = acceptTls;
  }

  /** `header`: what was read from the socket before, which therefore may hold bytes. */
  accept(accepted: net.Socket, header: ProxyHeader | null): void {
    if (this.handshakes.count >= this.tls.maxHandshakes) {
      accepted.destroy();
      this.tls.onHandshakeRefused("tls-handshake-limit");
      return;
    }
    const { challengeFor, passes } = this.tls;
    if (challengeFor !== null || passes !== null) this.peek(accepted, header, challengeFor, passes);
    else this.secure(accepted, header);
  }

  /**
   * A CA that validates a name is told from clients by what it offers, before a certificate is chosen: OpenSSL asks
   * for the certificate first. Others go on as usual, with the bytes that were read.
   */
  private peek(
    accepted: net.Socket,
    header: ProxyHeader | null,
    challengeFor: AcceptTls["challengeFor"],
    passes: AcceptTls["passes"],
  ): void {
    this.handshakes.count++;
    peekClientHello(accepted, this.tls.handshakeTimeoutMs, (hello) => {
      this.handshakes.count--;
      if (hello === "timeout" || accepted.destroyed || accepted.readableEnded) {
        accepted.destroy();
        this.tls.onHandshakeRefused(hello === "timeout" ? "tls-handshake-timeout" : "tls-handshake-failed");
        return;
      }
      // RFC 8737 section 3: the client offers this protocol alone.
      const isChallenge = hello?.alpn.length === 1 && hello.alpn[0] === ACME_PROTOCOL;
      const context = isChallenge && challengeFor !== null ? challengeFor(hello.serverName) : null;
      if (context !== null) this.answerChallenge(accepted, context);
      else if (hello !== null && passes !== null && passes(hello.serverName))
        this.pass(accepted, header, hello.serverName);
      else this.secure(accepted, header);
    });
  }

  /** What was read is in the socket again: the endpoint gets every byte. */
  private pass(accepted: net.Socket, header: ProxyHeader | null, serverName: string): void {
    if (this.options.admit(0)) acceptPassed(accepted, this.options, serverName, header);
    else accepted.destroy();
  }

  /** RFC 8737 section 3: the handshake is the answer; the connection ends with it. */
  private answerChallenge(accepted: net.Socket, secureContext: tls.SecureContext): void {
    const socket = new tls.TLSSocket(accepted, {
      isServer: true,
      secureContext,
      ALPNProtocols: [ACME_PROTOCOL],
      requestCert: false,
    });
    this.handshakes.count++;
    const timeout = setTimeout(() => socket.destroy(), this.tls.handshakeTimeoutMs);
    timeout.unref();
    socket.on("error", () => socket.destroy());
    socket.on("_tlsError", () => socket.destroy());
    socket.on("secure", () => {
      this.tls.onHandshakeDone(false);
      socket.end();
    });
    socket.on("close", () => {
      clearTimeout(timeout);
      this.handshakes.count--;
    });
    socket.resume();
  }

  private secure(accepted: net.Socket, header: ProxyHeader | null): void {
    const canMove = canWrapHandle && (canFeed || accepted.readableLength === 0);
    const held = canMove ? takeHeld(accepted) : null;
    const handle = canMove ? takeHandle(accepted) : null;
    const late = new LateEvents();
    const connection = new Connection(late, this.options.highWaterBytes);
    const { clientValidation } = this.tls;
    const options = {
      isServer: true,
      secureContext: this.tls.baseContext(),
      ALPNCallback: ({ servername, protocols }: { servername: string; protocols: string[] }) =>
        this.chooseProtocol(servername, protocols),
      SNICallback: (name: string, done: (error: Error | null, context?: tls.SecureContext) => void) =>
        this.chooseContext(name, socket, done),
      requestCert: clientValidation !== null,
      // One without any is told so by an alert; others are looked at when hands are shaken.
      rejectUnauthorized: clientValidation?.mode === "AllowValidOnly",
      allowHalfOpen: true,
    };
    const socket: tls.TLSSocket =
      handle === null
        ? new tls.TLSSocket(accepted, options)
        : new HandleTlsSocket(handle, { ...options, onread: readInto(connection) });
    if (handle === null) socket.on("data", (bytes: Buffer) => connection.received(bytes.length, bytes));
    else moveCount(accepted, socket);
    this.handshake(socket, connection, late, header, clientValidation, handle !== null);
    if (held !== null) feed(socket, held);
  }

  /** Threats 28: the callback never throws; names compare in lower case. The version is agreed on by now. */
  private chooseContext(
    name: string,
    socket: tls.TLSSocket,
    done: (error: Error | null, context?: tls.SecureContext) => void,
  ): void {
    try {
      const serverName = name.toLowerCase();
      const isTaken = this.tls.takesVersion(serverName, socket.getProtocol() ?? "");
      const context = isTaken ? this.tls.contextFor(serverName) : null;
      if (context === null) done(new Error("no certificate for the server name"));
      else done(null, context);
    } catch (error) {
      done(error as Error);
    }
  }

  /** By the server's preference; without a common protocol the handshake fails (RFC 7301 section 3.2). */
  private chooseProtocol(name: string | undefined, offered: readonly string[]): string | undefined {
    const alpn = this.tls.alpnFor((name ?? "").toLowerCase());
    // What is behind TLS is the endpoint's business: it gets what most speak, or what the client likes best.
    if (alpn.length === 0) return offered.includes("http/1.1") ? "http/1.1" : offered[0];
    return alpn.find((protocol) => offered.includes(protocol));
  }

  private handshake(
    socket: tls.TLSSocket,
    connection: Connection,
    late: LateEvents,
    proxyHeader: ProxyHeader | null,
    clientValidation: AcceptTls["clientValidation"],
    isShared: boolean,
  ): void {
    this.handshakes.count++;
    let isOver = false;
    const timeout = setTimeout(() => over("tls-handshake-timeout"), this.tls.handshakeTimeoutMs);
    timeout.unref();
    const over = (refusal: HandshakeRefusal | null): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timeout);
      this.handshakes.count--;
      if (refusal === null) {
        this.tls.onHandshakeDone(socket.isSessionReused());
      } else {
        this.tls.onHandshakeRefused(refusal);
        socket.destroy();
      }
    };
    const failed = (): void => over("tls-handshake-failed");
    socket.on("error", failed);
    socket.on("_tlsError", failed);
    socket.on("end", failed);
    socket.on("close", failed);
    socket.on("secure", () => {
      if (isOver) return;
      // Resumed handshakes and those without a server name pass the callback by.
      if (!this.tls.takesVersion(serverNameOf(socket), socket.getProtocol() ?? "")) {
        failed();
        return;
      }
      // Rules that changed meanwhile were not those of this handshake.
      if (!isSameRules(this.tls.clientValidation, clientValidation) || !isAllowed(socket, clientValidation)) {
        failed();
        return;
      }
      over(null);
      // Others may have come while hands were shaken, and the end of a drain.
      if (!this.options.admit(0)) {
        socket.destroy();
        return;
      }
      late.target = this.options.accept({ connection, socket, owner: late, passedName: null, proxyHeader });
      connection.opened();
    });
    connection.attach(socket, isShared);
    socket.resume();
  }
}

const ACME_PROTOCOL = "acme-tls/1";

/** Of none and none, too. */
function isSameRules(a: ClientRules | null, b: ClientRules | null): boolean {
  return a === b || (a?.mode === b?.mode && a?.caPem === b?.caPem);
}

interface VerifyingHandle {
  verifyError?: () => unknown;
}

/** Threats 29: what is not known to be good is not. A resumed session showed no certificate, so it has none. */
function isAllowed(socket: tls.TLSSocket, validation: AcceptTls["clientValidation"]): boolean {
  if (validation === null || validation.mode === "AllowInsecureFallback") return true;
  return isVerifiedClient(socket);
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
