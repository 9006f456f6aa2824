import net from "node:net";
import tls from "node:tls";
import { Connection } from "./connection.ts";
import type { ConnectionEvents } from "./connection.ts";
import { identityMistake, type ExpectedName } from "./peer-identity.ts";
import { sharedReadBuffer } from "./slab-pool.ts";

export interface DialOptions {
  /** IP address, DNS name, or a unix socket's path when port is 0. */
  readonly address: string;
  readonly port: number;
  readonly connectTimeoutMs: number;
  readonly highWaterBytes: number;
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

/** Opens a connection; what is written meanwhile waits in it. Names are resolved by the system (happy eyeballs). */
export function dial(options: DialOptions, events: DialEvents): Connection {
  const connection = new Connection(events, options.highWaterBytes);
  const refusal = options.tls?.refusal ?? "";
  if (refusal !== "") {
    // In a turn of its own, as with sockets: the caller does not have the connection yet.
    setImmediate(() => refuse(connection, events, refusal));
    return connection;
  }
  const onread = {
    buffer: sharedReadBuffer,
    callback: (length: number, bytes: Uint8Array) => connection.received(length, bytes as Buffer),
  };
  const target =
    options.port === 0
      ? { path: options.address }
      : { host: options.address, port: options.port, autoSelectFamily: true };
  const common = { ...target, onread, allowHalfOpen: true, noDelay: true };
  const socket =
    options.tls === null ? net.connect(common as net.NetConnectOpts) : connectTls(common, options.tls);
  watchOpening(socket, options, connection, events);
  connection.attach(socket, true);
  return connection;
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

function watchOpening(
  socket: net.Socket,
  options: DialOptions,
  connection: Connection,
  events: DialEvents,
): void {
  let isTcpOpen = false;
  let isOver = false;
  const timer = setTimeout(() => {
    fail({ kind: "timeout", error: new Error(`no connection within ${options.connectTimeoutMs} ms`) });
    connection.destroy();
  }, options.connectTimeoutMs);
  timer.unref();
  const fail = (failure: DialFailure): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    events.onDialFailed(failure);
  };
  socket.once("connect", () => {
    isTcpOpen = true;
    if (options.tls === null) open();
  });
  socket.once("secureConnect", () => open());
  const open = (): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    connection.opened();
    events.onOpen();
  };
  // Before Connection's own listeners: the owner learns of the failure first, then of the close.
  socket.on("error", (error) => fail({ kind: options.tls !== null && isTcpOpen ? "tls" : "connect", error }));
  socket.on("close", () =>
    fail({ kind: isTcpOpen ? "tls" : "connect", error: new Error("closed while opening") }),
  );
}
