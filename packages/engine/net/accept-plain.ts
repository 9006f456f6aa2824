import net from "node:net";
import type { ProxyHeader } from "../wire/proxy-protocol/index.ts";
import type { AcceptOptions } from "./accept-options.ts";
import { moveCount, readInto, takeHandle, takeHeld } from "./accepted-handle.ts";
import { Connection } from "./connection.ts";
import { LateEvents } from "./late-events.ts";
import { PlainSocket } from "./plain-socket.ts";
import { HeaderEvents } from "./proxy-header.ts";
import type { AcceptProxyHeader, HeadersAwaited } from "./proxy-header.ts";
import type { Accepted } from "./tcp-handle.ts";

/** In clear text, without a header. */
export function acceptPlain(accepted: Accepted, options: AcceptOptions): void {
  const late = new LateEvents();
  const connection = new Connection(late, options.highWaterBytes);
  const socket = attach(accepted, connection);
  late.target = options.accept({ connection, socket, owner: late, passedName: null, proxyHeader: null });
  begin(connection, socket);
}

/** In clear text: what is behind the header comes to its owner in the same read. */
export function acceptBehindHeader(
  accepted: Accepted,
  options: AcceptOptions,
  rules: AcceptProxyHeader,
  awaited: HeadersAwaited,
): void {
  const late = new LateEvents();
  const connection = new Connection(late, options.highWaterBytes);
  const socket = attach(accepted, connection);
  late.target = new HeaderEvents(rules, awaited, late, (proxyHeader) => {
    late.target = null;
    // Others may have come meanwhile, and the end of a drain.
    if (proxyHeader === null || !options.admit(awaited.count)) connection.destroy();
    else late.target = options.accept({ connection, socket, owner: late, passedName: null, proxyHeader });
  });
  begin(connection, socket);
}

/** TLS that is passed on unopened: its ClientHello was read, and comes to its owner before the rest. */
export function acceptPassed(
  accepted: net.Socket,
  options: AcceptOptions,
  passedName: string,
  proxyHeader: ProxyHeader | null,
): void {
  const late = new LateEvents();
  const connection = new Connection(late, options.highWaterBytes);
  const held = takeHeld(accepted);
  const socket = attachSocket(accepted, connection);
  late.target = options.accept({ connection, socket, owner: late, passedName, proxyHeader });
  begin(connection, socket);
  if (held !== null) connection.received(held.length, held);
}

function attach(accepted: Accepted, connection: Connection): net.Socket | PlainSocket {
  if (accepted instanceof net.Socket) return attachSocket(accepted, connection);
  const socket = new PlainSocket(accepted);
  connection.attachPlain(socket);
  return socket;
}

/** Of a socket whose handle is not to be had its own chunks are used. */
function attachSocket(accepted: net.Socket, connection: Connection): net.Socket {
  const handle = takeHandle(accepted);
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

function begin(connection: Connection, socket: net.Socket | PlainSocket): void {
  connection.opened();
  if (!connection.isClosed) socket.resume();
}
