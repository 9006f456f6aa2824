import net from "node:net";
import tls from "node:tls";
import type { AddressChoice } from "./address-choice.ts";
import { Connection } from "./connection.ts";
import type { ConnectionEvents } from "./connection.ts";
import type { TcpKeepAlive } from "../model/index.ts";
import { identityMistake, type ExpectedName } from "./peer-identity.ts";
import { sharedReadBuffer } from "./slab-pool.ts";

export interface DialOptions {
  /** IP address, DNS name, or a unix socket's path when port is 0. */
  readonly address: string;
  readonly port: number;
  readonly connectTimeoutMs: number;
  readonly highWaterBytes: number;
  /** What the connection begins with, before TLS: a PROXY protocol header, as latin1; "" for none. */
  readonly header: string;
  /** Where the endpoint has several addresses: in place of `address`. Default: it has one. */
  readonly choice?: AddressChoice | null;
  /** TCP asks a silent peer after `timeMs`, then each `intervalMs`, whether it is there. Whole seconds. Default: it does not. */
  readonly keepAlive?: TcpKeepAlive | undefined;
  readonly tls: DialTls | null;
}

export interface DialTls {
  readonly serverName: string;
  /** See `identityMistake`. */
  readonly altNames: readonly ExpectedName[];
  /** Why no connection may be made; "" where it may. */
  readonly refusal: string;
  /** The same object while it trusts and shows the same: another one is another identity. */
  readonly context: tls.SecureContext;
  readonly insecureSkipVerify: boolean;
  readonly alpn: readonly string[];
}

/** Why a connection could not be had. */
export type DialFailure = { readonly kind: "connect" | "timeout" | "tls"; readonly error: Error };

export interface DialEvents extends ConnectionEvents {
  /** Connected, and secured where TLS is asked for. */
  onOpen(): void;
  /** Instead of onOpen; `onClosed` follows. */
  onDialFailed(failure: DialFailure): void;
}

/** RFC 8305 section 5: the Connection Attempt Delay. */
const ATTEMPT_DELAY_MS = 250;

/** Several addresses are tried one after the other, each for a quarter of a second, the last for as long as it takes. */
function targetOf({ address, port, choice = null }: DialOptions): net.NetConnectOpts {
  if (port === 0) return { path: address };
  const common = { port, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: ATTEMPT_DELAY_MS };
  // The name is never looked at: an address would be taken as it is.
  return choice === null
    ? { ...common, host: address }
    : { ...common, host: "endpoint.invalid", lookup: choice.lookup };
}

/** Opens a connection; what is written meanwhile waits in it. Names are resolved by the system. */
export function dial(options: DialOptions, events: DialEvents): Connection {
  const connection = new Connection(events, options.highWaterBytes);
  const refusal = options.tls?.refusal ?? "";
  if (refusal !== "") {
    // In a turn of its own, as with sockets: the caller does not have the connection yet.
    setImmediate(() => refuse(connection, events, refusal));
    return connection;
  }
  const common = { ...targetOf(options), allowHalfOpen: true, noDelay: true };
  const opening = new Opening(options, connection, events);
  if (options.header !== "" && options.tls !== null) {
    dialBehindHeader(common, options.header, options.tls, connection, opening);
    return connection;
  }
  const onread = {
    buffer: sharedReadBuffer,
    callback: (length: number, bytes: Uint8Array) => connection.received(length, bytes as Buffer),
  };
  const shared = { ...common, onread };
  const socket =
    options.tls === null ? net.connect(shared as net.NetConnectOpts) : connectTls(shared, options.tls);
  // Before Connection's own listeners: the owner learns of the failure first, then of the close.
  opening.watch(socket);
  connection.attach(socket, true);
  // First of what waits to be written.
  if (options.header !== "") connection.writeText(options.header);
  return connection;
}

/**
 * TLS on a connection that has sent octets of its own. A socket that is handed over cannot be given the shared buffer
 * (ADR 11): it costs a buffer of its own.
 */
function dialBehindHeader(
  common: object,
  header: string,
  options: DialTls,
  connection: Connection,
  opening: Opening,
): void {
  const socket = net.connect(common as net.NetConnectOpts);
  connection.hold(socket);
  opening.watch(socket);
  const closed = (): void => connection.destroy();
  socket.on("close", closed);
  socket.once("connect", () => {
    if (connection.isClosed) return;
    socket.removeListener("close", closed);
    socket.write(header, "latin1");
    const secure = connectTls({ socket, allowHalfOpen: true }, options);
    opening.watch(secure);
    secure.on("data", (bytes: Buffer) => connection.received(bytes.length, bytes));
    connection.attach(secure, false);
  });
}

function refuse(connection: Connection, events: DialEvents, refusal: string): void {
  if (connection.isClosed) return;
  events.onDialFailed({ kind: "tls", error: new Error(refusal) });
  connection.destroy();
}

function connectTls(common: object, options: DialTls): tls.TLSSocket {
  return tls.connect({
    ...common,
    secureContext: options.context,
    // An IP address is no server name (RFC 6066 section 3); the certificate is then checked against the address.
    servername: net.isIP(options.serverName) === 0 ? options.serverName : "",
    checkServerIdentity: (_host: string, certificate: tls.PeerCertificate) => {
      const mistake = identityMistake(certificate.raw, options.serverName, options.altNames);
      return mistake === null ? undefined : new Error(mistake);
    },
    rejectUnauthorized: !options.insecureSkipVerify,
    ...(options.alpn.length === 0 ? {} : { ALPNProtocols: [...options.alpn] }),
  } as tls.ConnectionOptions);
}

/** A connection until it is open, or has failed. */
class Opening {
  private readonly options: DialOptions;
  private readonly connection: Connection;
  private readonly events: DialEvents;
  private readonly timer: NodeJS.Timeout;
  private isTcpOpen = false;
  private isOver = false;

  constructor(options: DialOptions, connection: Connection, events: DialEvents) {
    this.options = options;
    this.connection = connection;
    this.events = events;
    const { connectTimeoutMs } = options;
    this.timer = setTimeout(() => {
      this.fail({ kind: "timeout", error: new Error(`no connection within ${connectTimeoutMs} ms`) });
      connection.destroy();
    }, connectTimeoutMs);
    this.timer.unref();
  }

  /** To be called before others listen to the socket. */
  watch(socket: net.Socket): void {
    const isTls = this.options.tls !== null;
    socket.once("connect", () => {
      this.isTcpOpen = true;
      const { keepAlive, choice } = this.options;
      choice?.opened(socket.remoteAddress ?? "");
      if (keepAlive !== undefined) socket.setKeepAlive(true, keepAlive.timeMs, keepAlive.intervalMs);
      if (!isTls) this.open();
    });
    socket.once("secureConnect", () => this.open());
    socket.on("error", (error) => this.fail({ kind: isTls && this.isTcpOpen ? "tls" : "connect", error }));
    socket.on("close", () =>
      this.fail({ kind: this.isTcpOpen ? "tls" : "connect", error: new Error("closed while opening") }),
    );
  }

  private open(): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.timer);
    this.connection.opened();
    this.events.onOpen();
  }

  private fail({ kind, error }: DialFailure): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.timer);
    this.options.choice?.failed();
    this.events.onDialFailed({ kind, error: withText(error) });
  }
}

/** Where all of several addresses fail, Node's error says nothing by itself. */
function withText(error: Error): Error {
  if (error.message !== "" || !(error instanceof AggregateError)) return error;
  return new Error(error.errors.map((each: Error) => each.message).join(", "), { cause: error });
}
