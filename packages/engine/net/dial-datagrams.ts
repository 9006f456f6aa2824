import dgram from "node:dgram";
import dns from "node:dns";
import net from "node:net";
import { noLookup, wrap } from "./datagrams.ts";
import type { ConnectedDatagrams, DatagramEvents } from "./datagrams.ts";

/** Finds the addresses of a name, the best one first. */
export type Lookup = (
  name: string,
  done: (error: Error | null, addresses: readonly string[]) => void,
) => void;

/** As the system says it, of both families (RFC 6724). */
const systemLookup: Lookup = (name, done) =>
  dns.lookup(name, { all: true, order: "verbatim" }, (error, found) =>
    done(error, found?.map(({ address }) => address) ?? []),
  );

/**
 * A UDP socket of its own towards an endpoint: connected, so that it takes datagrams of that endpoint alone and
 * learns when nobody listens there. `address` may be several, the best one first. What is sent before the name is resolved waits. Events come from the next tick on,
 * a want of file descriptors included.
 */
export function dialDatagrams(
  address: string | readonly string[],
  port: number,
  events: DatagramEvents,
  lookup: Lookup = systemLookup,
): ConnectedDatagrams {
  const dialed = new DialedDatagrams(port, events);
  const known = typeof address !== "string" ? address : net.isIP(address) === 0 ? null : [address];
  if (known !== null) process.nextTick(() => dialed.resolved(null, known));
  else lookup(address as string, (error, addresses) => dialed.resolved(error, addresses));
  return dialed;
}

/** Datagrams that are kept for another address of the name. */
const MAX_KEPT = 16;

/**
 * Of a name's addresses, IPv6 and IPv4 alike, the first one that takes datagrams: one that cannot be reached, or
 * refuses before it has answered, gives way to the next, which gets what was sent.
 *
 *   resolving ─► trying an address ─(it answers, or is the last)─► settled
 *       └─(no address)─► failed ◄─(none is left)─┘
 */
class DialedDatagrams implements ConnectedDatagrams, DatagramEvents {
  private readonly targetPort: number;
  private readonly events: DatagramEvents;
  private addresses: readonly string[] = [];
  private socket: ConnectedDatagrams | null = null;
  /** What was sent and may have to be sent again. */
  private kept: Uint8Array[] = [];
  private isSettled = false;
  private isClosed = false;

  constructor(port: number, events: DatagramEvents) {
    this.targetPort = port;
    this.events = events;
  }

  /** @internal */
  resolved(error: Error | null, addresses: readonly string[]): void {
    if (this.isClosed) return;
    this.addresses = addresses;
    if (addresses.length > 0) this.tryNext();
    else this.fail(error ?? new Error("the name has no address"));
  }

  private tryNext(): void {
    const [address = "", ...rest] = this.addresses;
    this.addresses = rest;
    const type = address.includes(":") ? "udp6" : "udp4";
    const socket = dgram.createSocket({ type, lookup: noLookup as never });
    const wrapped = wrap(socket, this);
    this.socket = wrapped;
    socket.on("error", (error) => wrapped.fail(error));
    wrapped.connect(this.targetPort, address);
    for (const bytes of this.kept) wrapped.send(bytes);
    if (rest.length === 0) this.settle();
  }

  private settle(): void {
    this.isSettled = true;
    this.kept = [];
  }

  send(bytes: Uint8Array): void {
    if (this.isClosed) return;
    if (!this.isSettled && this.kept.length < MAX_KEPT) this.kept.push(bytes);
    this.socket?.send(bytes);
  }

  onDatagram(bytes: Buffer, address: string, port: number): void {
    if (!this.isSettled) this.settle();
    this.events.onDatagram(bytes, address, port);
  }

  onFailed(error: Error): void {
    if (this.isClosed) return;
    if (this.isSettled || this.addresses.length === 0) this.fail(error);
    else this.tryNext();
  }

  private fail(error: Error): void {
    this.isClosed = true;
    this.events.onFailed(error);
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.socket?.close();
  }
}
