import net from "node:net";
import tls from "node:tls";
import type { ProxyHeader } from "../wire/proxy-protocol/index.ts";
import type { AcceptOptions, AcceptTls, ClientRules, HandshakeRefusal } from "./accept-options.ts";
import { acceptPassed } from "./accept-plain.ts";
import {
  canFeed,
  canWrapHandle,
  feed,
  HandleTlsSocket,
  moveCount,
  readInto,
  takeHandle,
  takeHeld,
} from "./accepted-handle.ts";
import { Connection } from "./connection.ts";
import { Gauge } from "./gauge.ts";
import { LateEvents } from "./late-events.ts";
import { peekClientHello } from "./peek-hello.ts";
import { closeAccepted, socketOf } from "./tcp-handle.ts";
import type { Accepted } from "./tcp-handle.ts";
import { isVerifiedClient, serverNameOf } from "./tls-facts.ts";

/** Takes connections of TLS: each shakes hands, in its time, before it has an owner. */
export class TlsAcceptor {
  private readonly options: AcceptOptions;
  private readonly tls: AcceptTls;
  readonly handshakes = new Gauge();

  constructor(options: AcceptOptions, acceptTls: AcceptTls) {
    this.options = options;
    this.tls = acceptTls;
  }

  /** `header`: what was read from the socket before, which therefore may hold bytes. */
  accept(accepted: Accepted, header: ProxyHeader | null): void {
    if (this.handshakes.count >= this.tls.maxHandshakes) {
      closeAccepted(accepted);
      this.tls.onHandshakeRefused("tls-handshake-limit");
      return;
    }
    const { challengeFor, passes } = this.tls;
    if (challengeFor !== null || passes !== null) this.peek(socketOf(accepted), header, challengeFor, passes);
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

  private secure(accepted: Accepted, header: ProxyHeader | null): void {
    if (!(accepted instanceof net.Socket)) {
      if (canWrapHandle) this.secureHandle(null, accepted, header, null);
      else this.secureHandle(socketOf(accepted), null, header, null);
      return;
    }
    const canMove = canWrapHandle && (canFeed || accepted.readableLength === 0);
    const held = canMove ? takeHeld(accepted) : null;
    this.secureHandle(accepted, canMove ? takeHandle(accepted) : null, header, held);
  }

  /** `handle` alone, or the socket that it was taken from, or the socket alone. `held`: what came before. */
  private secureHandle(
    accepted: net.Socket | null,
    handle: object | null,
    header: ProxyHeader | null,
    held: Buffer | null,
  ): void {
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
        ? new tls.TLSSocket(accepted!, options)
        : new HandleTlsSocket(handle, { ...options, onread: readInto(connection) });
    if (handle === null) socket.on("data", (bytes: Buffer) => connection.received(bytes.length, bytes));
    else if (accepted !== null) moveCount(accepted, socket);
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

/** Threats 29: what is not known to be good is not. A resumed session showed no certificate, so it has none. */
function isAllowed(socket: tls.TLSSocket, validation: AcceptTls["clientValidation"]): boolean {
  if (validation === null || validation.mode === "AllowInsecureFallback") return true;
  return isVerifiedClient(socket);
}
