import dgram from "node:dgram";
import net from "node:net";
import { forgetDescriptor, rememberDatagrams, stopReceiving } from "./open-handles.ts";

export interface DatagramEvents {
  onDatagram(bytes: Buffer, address: string, port: number): void;
  /** The socket is of no use any more (an endpoint's port that nobody listens on). It is closed. */
  onFailed(error: Error): void;
}

/** A UDP socket of a port. What is sent leaves at once, or is lost as datagrams are. */
export interface BoundDatagrams {
  readonly port: number;
  readonly address: string;
  /** For another process; -1 where the runtime does not tell. */
  readonly descriptor: number;
  sendTo(bytes: Uint8Array, port: number, address: string): void;
  /** Another process reads the socket from here on; sending goes on. */
  stopReceiving(): void;
  close(): void;
}

export interface DatagramPlace {
  /** "::" takes IPv4 too. */
  readonly address: string;
  readonly port: number;
  /** Of a socket that is bound there already; null binds one. */
  readonly descriptor: number | null;
}

/** One that sends to an endpoint alone. */
export interface ConnectedDatagrams {
  send(bytes: Uint8Array): void;
  close(): void;
}

/** Addresses are addresses here: no look-up, which would cost a turn for each datagram. */
export function noLookup(
  address: string,
  _options: unknown,
  done: (error: Error | null, address: string, family: number) => void,
): void {
  done(null, address, net.isIP(address));
}

/** Binds a UDP socket. Rejects with the system's error. */
export function bindDatagrams(place: DatagramPlace, events: DatagramEvents): Promise<BoundDatagrams> {
  const { address, port, descriptor } = place;
  const type = address.includes(":") ? "udp6" : "udp4";
  const socket = dgram.createSocket({ type, lookup: noLookup as never });
  return new Promise((resolve, reject) => {
    const refuse = (error: Error): void => {
      socket.close();
      reject(error);
    };
    socket.once("error", refuse);
    const where = descriptor === null ? { address, port, exclusive: true } : { fd: descriptor };
    socket.bind(where, () => {
      socket.removeListener("error", refuse);
      // What the system says of one datagram: the port stays.
      socket.on("error", ignore);
      resolve(wrap(socket, events));
    });
  });
}

/** A socket with its events, not yet bound or connected. */
export function wrap(socket: dgram.Socket, events: DatagramEvents): OpenDatagrams {
  socket.on("message", (bytes, { address, port }) => events.onDatagram(bytes, address, port));
  return new OpenDatagrams(socket, events);
}

/** Datagrams that wait until the socket is connected. */
const MAX_WAITING = 16;
/** Octets that wait where the system takes no more; what comes then is lost. */
const MAX_QUEUED_BYTES = 1_048_576;

class OpenDatagrams implements BoundDatagrams, ConnectedDatagrams {
  private readonly socket: dgram.Socket;
  private readonly events: DatagramEvents;
  private waiting: Uint8Array[] = [];
  private isConnected = false;
  private isClosed = false;
  private own = -1;

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

  get descriptor(): number {
    this.own = rememberDatagrams(this.socket);
    return this.own;
  }

  stopReceiving(): void {
    if (!this.isClosed) stopReceiving(this.socket);
  }

  connect(port: number, address: string): void {
    if (!this.isClosed) this.socket.connect(port, address, this.connected);
  }

  /** Node gives its error to the callback. */
  private readonly connected = (error?: Error | null): void => {
    if (this.isClosed) return;
    if (error instanceof Error) {
      this.fail(error);
      return;
    }
    this.isConnected = true;
    for (const bytes of this.waiting.splice(0)) this.send(bytes);
  };

  send(bytes: Uint8Array): void {
    if (this.isClosed) return;
    if (this.isConnected) {
      if (!this.isFull) this.socket.send(bytes, this.sent);
    } else if (this.waiting.length < MAX_WAITING) this.waiting.push(bytes);
  }

  sendTo(bytes: Uint8Array, port: number, address: string): void {
    if (!this.isClosed && !this.isFull) this.socket.send(bytes, port, address, ignore);
  }

  private get isFull(): boolean {
    return this.socket.getSendQueueSize() > MAX_QUEUED_BYTES;
  }

  /** One that is too large for the way says nothing of the other end. */
  private readonly sent = (error: Error | null): void => {
    if (error !== null && (error as NodeJS.ErrnoException).code !== "EMSGSIZE") this.fail(error);
  };

  fail(error: Error): void {
    if (this.isClosed) return;
    this.close();
    this.events.onFailed(error);
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.waiting = [];
    forgetDescriptor(this.own);
    this.socket.close();
  }
}

/** A client that cannot be reached is no news to a datagram's sender. */
const ignore = (): void => {};
