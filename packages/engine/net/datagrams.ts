import dgram from "node:dgram";
import net from "node:net";

export interface DatagramEvents {
  onDatagram(bytes: Buffer, address: string, port: number): void;
  /** The socket is of no use any more (an endpoint's port that nobody listens on). It is closed. */
  onFailed(error: Error): void;
}

/** A UDP socket. What is sent leaves at once, or is lost as datagrams are. */
export interface DatagramSocket {
  readonly port: number;
  readonly address: string;
  /** To whom it is connected, or to an address. */
  send(bytes: Uint8Array): void;
  sendTo(bytes: Uint8Array, port: number, address: string): void;
  close(): void;
}

/** Addresses are addresses here: no look-up, which would cost a turn for each datagram. */
function noLookup(
  address: string,
  _options: unknown,
  done: (error: Error | null, address: string, family: number) => void,
): void {
  done(null, address, net.isIP(address));
}

/** Binds a UDP socket. Rejects with the system's error. "::" takes IPv4 too. */
export function bindDatagrams(
  address: string,
  port: number,
  events: DatagramEvents,
): Promise<DatagramSocket> {
  const type = address.includes(":") ? "udp6" : "udp4";
  const socket = dgram.createSocket({ type, lookup: noLookup as never });
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.bind({ address, port, exclusive: true }, () => {
      socket.removeListener("error", reject);
      resolve(wrap(socket, events));
    });
  });
}

/**
 * A UDP socket of its own towards an endpoint: connected, so that it takes datagrams of that endpoint alone and
 * learns when nobody listens there. What is sent before the name is resolved waits.
 */
export function dialDatagrams(address: string, port: number, events: DatagramEvents): DatagramSocket {
  const isIp = net.isIP(address) !== 0;
  const type = address.includes(":") ? "udp6" : "udp4";
  const socket = dgram.createSocket(isIp ? { type, lookup: noLookup as never } : { type });
  const wrapped = wrap(socket, events);
  socket.connect(port, address, () => wrapped.connected());
  return wrapped;
}

function wrap(socket: dgram.Socket, events: DatagramEvents) {
  const own = new OpenDatagrams(socket, events);
  socket.on("message", (bytes, { address, port }) => events.onDatagram(bytes, address, port));
  socket.on("error", (error) => own.fail(error));
  return own;
}

/** Datagrams that wait for a name to be resolved. */
const MAX_WAITING = 16;

class OpenDatagrams implements DatagramSocket {
  private readonly socket: dgram.Socket;
  private readonly events: DatagramEvents;
  private waiting: Uint8Array[] = [];
  private isConnected = false;
  private isClosed = false;

  constructor(socket: dgram.Socket, events: DatagramEvents) {
    this.socket = socket;
    this.events = events;
  }

  get port(): number {
    return this.socket.address().port;
  }

  get address(): string {
    return this.socket.address().address;
  }

  connected(): void {
    this.isConnected = true;
    for (const bytes of this.waiting.splice(0)) this.send(bytes);
  }

  send(bytes: Uint8Array): void {
    if (this.isClosed) return;
    if (this.isConnected) this.socket.send(bytes, (error) => this.sent(error));
    else if (this.waiting.length < MAX_WAITING) this.waiting.push(bytes);
  }

  sendTo(bytes: Uint8Array, port: number, address: string): void {
    if (!this.isClosed) this.socket.send(bytes, port, address, ignore);
  }

  private sent(error: Error | null): void {
    if (error !== null) this.fail(error);
  }

  fail(error: Error): void {
    if (this.isClosed) return;
    this.close();
    this.events.onFailed(error);
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.waiting = [];
    this.socket.close();
  }
}

/** A client that cannot be reached is no news to a datagram's sender. */
const ignore = (): void => {};
