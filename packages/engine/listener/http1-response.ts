import type { Clock, Fault } from "../base/index.ts";
import { LENGTH_UNKNOWN } from "../message/index.ts";
import type { Fields, RequestHead, ResponseHead, ResponseSink } from "../message/index.ts";
import type { Connection } from "../net/index.ts";
import {
  encodeChunkSize,
  encodeLastChunk,
  encodeResponseHead,
  responseFraming,
} from "../wire/http1/index.ts";
import type { ResponseFraming } from "../wire/http1/index.ts";
import type { ExchangePace } from "./exchange-pace.ts";
import type { ReadGate } from "./read-gate.ts";

/** What a response needs of the connection that carries it. */
export interface ResponseHome {
  /** The connection ends with this response, unless its head has promised more already. */
  readonly isLeaving: boolean;
  readonly isRequestDone: boolean;
  /** The exchange is under way: neither a tunnel nor over. */
  readonly isExchanging: boolean;
  /** A 101 was written. */
  onTunnel(): void;
  onResponseDone(): void;
  /** It cannot become whole. */
  onResponseBroken(): void;
}

/**
 * The responses of one HTTP/1.1 connection, one after the other: how each is framed, and whether another one may follow.
 *
 *   begun ─(head)─► head sent ─(end)─► done ─► begun
 *                       └─(101)─► tunnel
 */
export class Http1Response implements ResponseSink {
  /** Null between exchanges. */
  request: RequestHead | null = null;
  keepsAlive = false;
  isHeadSent = false;
  isDone = false;
  private isTunnel = false;
  private framing: ResponseFraming = "none";
  private readonly connection: Connection;
  private readonly gate: ReadGate;
  private readonly pace: ExchangePace;
  private readonly clock: Clock;
  private readonly home: ResponseHome;

  constructor(connection: Connection, gate: ReadGate, pace: ExchangePace, clock: Clock, home: ResponseHome) {
    this.connection = connection;
    this.gate = gate;
    this.pace = pace;
    this.clock = clock;
    this.home = home;
  }

  begin(request: RequestHead, keepsAlive: boolean): void {
    this.request = request;
    this.keepsAlive = keepsAlive;
    this.isHeadSent = false;
    this.isDone = false;
  }

  /** The exchange is over. */
  end(): void {
    this.request = null;
    this.isHeadSent = false;
  }

  // ResponseSink

  writeInformational(head: ResponseHead): void {
    const request = this.request!;
    if (!this.home.isExchanging || request.version === 10) return;
    this.connection.writeText(encodeResponseHead(head, request.method, request.version, true));
  }

  writeHead(head: ResponseHead, isLast: boolean): void {
    const { method, version } = this.request!;
    const { home } = this;
    this.isHeadSent = true;
    this.pace.touch(this.clock.now());
    if (head.status === 101) {
      this.connection.writeText(encodeResponseHead(head, method, version, true));
      this.beginTunnel();
      return;
    }
    // Threats 9: after an early response the rest of the request is not read as a request of its own.
    if (!home.isRequestDone || home.isLeaving) this.keepsAlive = false;
    this.framing = responseFraming(head, method, version);
    if (this.framing === "close") this.keepsAlive = false;
    this.connection.writeText(encodeResponseHead(head, method, version, this.keepsAlive));
    if (!isLast) return;
    if (this.framing === "chunked" && head.bodyLength === LENGTH_UNKNOWN)
      this.connection.writeText(encodeLastChunk(null));
    this.done();
  }

  private beginTunnel(): void {
    this.isTunnel = true;
    this.framing = "close";
    this.keepsAlive = false;
    this.home.onTunnel();
  }

  writeBody(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.pace.touch(this.clock.now());
    if (this.framing === "none") return;
    if (this.framing !== "chunked") {
      this.connection.writeBytes(chunk);
      return;
    }
    this.connection.writeText(encodeChunkSize(chunk.length));
    this.connection.writeBytes(chunk, "\r\n");
  }

  writeEnd(trailers: Fields | null): void {
    if (this.isTunnel) {
      this.isDone = true;
      this.connection.end();
      return;
    }
    if (this.framing === "chunked") this.connection.writeText(encodeLastChunk(trailers));
    this.done();
  }

  private done(): void {
    this.isDone = true;
    this.home.onResponseDone();
  }

  flush(): boolean {
    return this.connection.flush();
  }

  reset(_fault: Fault): void {
    this.home.onResponseBroken();
  }

  pauseRequestBody(): void {
    if (this.gate.isBodyPaused) return;
    this.gate.pauseBody();
    this.pace.pause(this.clock.now());
  }

  resumeRequestBody(): void {
    if (!this.gate.isBodyPaused) return;
    this.gate.resumeBody();
    this.pace.resume(this.clock.now());
  }
}
