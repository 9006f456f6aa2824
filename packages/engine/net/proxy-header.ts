import type net from "node:net";
import { ProxyHeaderReader } from "../wire/proxy-protocol/index.ts";
import type { ProxyHeader } from "../wire/proxy-protocol/index.ts";
import type { ConnectionEvents } from "./connection.ts";

/** Whose connections begin with a PROXY protocol header, before TLS and everything else. */
export interface AcceptProxyHeader {
  /** Who must send one; it is believed. */
  isTrusted(address: string): boolean;
  /** Everybody else: closed at once, or taken without a header. What looks like one is then payload. */
  readonly others: "refuse" | "plain";
  readonly timeoutMs: number;
  onHeaderRefused(kind: HeaderRefusal): void;
}

/** Why a connection was closed for its header. One that ends before it is whole is malformed. */
export type HeaderRefusal = "proxy-header-untrusted" | "proxy-header-malformed" | "proxy-header-timeout";

/** Connections of one accepting socket whose header has not come. */
export interface HeadersAwaited {
  count: number;
}

/**
 * The wait for one connection's header.
 *
 *   waiting ─(the header is whole)─► over: done(header)
 *      └─(mistake, end, time is up)─► over: refused, done(null): the connection is to be closed
 */
class HeaderWait {
  private readonly reader = new ProxyHeaderReader();
  private readonly rules: AcceptProxyHeader;
  private readonly awaited: HeadersAwaited;
  private readonly done: (header: ProxyHeader | null) => void;
  private readonly timer: NodeJS.Timeout;
  private isOver = false;

  constructor(rules: AcceptProxyHeader, awaited: HeadersAwaited, done: (header: ProxyHeader | null) => void) {
    this.rules = rules;
    this.awaited = awaited;
    this.done = done;
    awaited.count++;
    this.timer = setTimeout(() => this.refuse("proxy-header-timeout"), rules.timeoutMs);
    this.timer.unref();
  }

  /** Where in these bytes the connection's own begin, once the header is whole; -1 before, and when refused. */
  read(bytes: Uint8Array, length: number): number {
    if (this.isOver) return -1;
    const header = this.reader.read(bytes, length);
    if (header === "partial") return -1;
    if (typeof header === "string") {
      this.refuse("proxy-header-malformed");
      return -1;
    }
    this.end(header);
    return this.reader.restAt;
  }

  refuse(kind: HeaderRefusal): void {
    if (this.isOver) return;
    this.rules.onHeaderRefused(kind);
    this.end(null);
  }

  private end(header: ProxyHeader | null): void {
    this.isOver = true;
    clearTimeout(this.timer);
    this.awaited.count--;
    this.done(header);
  }
}

/**
 * Owner of a connection in clear text until its header is whole. `done` makes the next owner, which gets what came
 * behind the header in the same read.
 */
export class HeaderEvents implements ConnectionEvents {
  private readonly wait: HeaderWait;
  private readonly next: ConnectionEvents;

  constructor(
    rules: AcceptProxyHeader,
    awaited: HeadersAwaited,
    next: ConnectionEvents,
    done: (header: ProxyHeader | null) => void,
  ) {
    this.wait = new HeaderWait(rules, awaited, done);
    this.next = next;
  }

  onBytes(bytes: Buffer, length: number): void {
    const restAt = this.wait.read(bytes, length);
    if (restAt >= 0 && restAt < length) this.next.onBytes(bytes.subarray(restAt, length), length - restAt);
  }

  onEnd(): void {
    this.wait.refuse("proxy-header-malformed");
  }

  onDrain(): void {}

  onClosed(): void {
    this.wait.refuse("proxy-header-malformed");
  }
}

/**
 * Takes the header off a socket that was accepted paused: who shakes hands next sees what is behind it, and nothing
 * else. The socket is to be used within `done`; one that is refused has been destroyed, and `done` is not called.
 */
export function takeProxyHeader(
  socket: net.Socket,
  rules: AcceptProxyHeader,
  awaited: HeadersAwaited,
  done: (header: ProxyHeader) => void,
): void {
  let whole: ProxyHeader | null = null;
  const wait = new HeaderWait(rules, awaited, (header) => {
    socket.removeListener("data", onData);
    socket.removeListener("end", onEnd);
    socket.removeListener("close", onEnd);
    if (header === null) socket.destroy();
    whole = header;
  });
  const onEnd = (): void => wait.refuse("proxy-header-malformed");
  const onData = (chunk: Buffer): void => {
    const restAt = wait.read(chunk, chunk.length);
    if (whole === null) return;
    socket.pause();
    if (restAt < chunk.length) socket.unshift(chunk.subarray(restAt));
    done(whole);
  };
  socket.on("error", ignore);
  socket.on("data", onData);
  socket.on("end", onEnd);
  socket.on("close", onEnd);
  socket.resume();
}

/** "close" follows, which ends the wait. */
const ignore = (): void => {};
