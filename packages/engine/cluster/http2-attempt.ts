import { makeFault } from "../base/index.ts";
import type { Fault } from "../base/index.ts";
import type { Fields, RequestHead, ResponseHead, UpstreamEvents, UpstreamStream } from "../message/index.ts";
import { H2 } from "../wire/http2/index.ts";
import type { Http2Stream, ResponseStreamEvents } from "../wire/http2/index.ts";
import { websocketAccept } from "./websocket-handshake.ts";

/** What an attempt needs of the connection that carries it. */
export interface AttemptHome {
  /** Something was written: it leaves with the others of this turn. */
  wrote(bytes: number): void;
}

/**
 * One stream to an endpoint: between the events of the codec and those of an exchange.
 *
 *   open ─(response's end, or its only head)─► done        the request's rest, if any, is given up
 *     └──(reset by either side)──────────────► done
 */
export class Http2Attempt implements UpstreamStream, ResponseStreamEvents {
  private readonly home: AttemptHome;
  private events: UpstreamEvents | null;
  private stream: Http2Stream | null = null;
  /** Of an upgrade from HTTP/1.1: the key that its client wants an answer to. */
  private readonly websocketKey: string;
  private hasHead = false;
  private isDone = false;
  private isTunnel = false;

  constructor(home: AttemptHome, head: RequestHead, events: UpstreamEvents) {
    this.home = home;
    this.events = events;
    this.websocketKey = head.upgrade === "" ? "" : (head.fields.get("sec-websocket-key") ?? "");
  }

  bind(stream: Http2Stream): void {
    this.stream = stream;
  }

  /** Until it answers, the endpoint may say that it has not processed the stream (RFC 9113 section 8.7). */
  get mayBeUnsent(): boolean {
    return !this.hasHead;
  }

  // UpstreamStream

  writeBody(chunk: Uint8Array): void {
    if (this.isDone || chunk.length === 0) return;
    this.stream!.writeBody(chunk);
    this.home.wrote(chunk.length);
  }

  writeEnd(trailers: Fields | null): void {
    if (this.isDone) return;
    this.stream!.writeEnd(trailers);
    this.home.wrote(0);
  }

  flush(): boolean {
    if (this.isDone) return true;
    this.home.wrote(0);
    return !this.stream!.isHeldBack;
  }

  reset(_fault: Fault): void {
    this.events = null;
    this.giveUp();
  }

  pauseResponseBody(): void {
    if (!this.isDone) this.stream!.pause();
  }

  resumeResponseBody(): void {
    if (this.isDone) return;
    this.stream!.resume();
    this.home.wrote(0);
  }

  /** RFC 9113 section 8.1: a request whose response is complete, or not wanted, need not be finished. */
  private giveUp(): void {
    if (this.isDone) return;
    this.isDone = true;
    this.stream!.reset(H2.CANCEL);
    this.home.wrote(0);
  }

  /** The response is complete. */
  private finish(): void {
    if (this.stream !== null && this.stream.isWriteEnded) this.isDone = true;
    else this.giveUp();
  }

  // ResponseStreamEvents

  onInformational(head: ResponseHead): void {
    this.events?.onInformational(head);
  }

  onResponse(head: ResponseHead, isLast: boolean): void {
    const { events } = this;
    if (events === null) return;
    this.hasHead = true;
    if (head.status === 101) {
      this.isTunnel = true;
      if (this.websocketKey !== "") {
        head.fields.addTrusted("sec-websocket-accept", websocketAccept(this.websocketKey));
      }
    }
    if (isLast) this.finish();
    events.onResponseHead(head, isLast);
  }

  onBody(chunk: Uint8Array): void {
    this.events?.onResponseBody(chunk);
  }

  onEnd(trailers: Fields | null): void {
    const { events } = this;
    // The client's half of a tunnel may go on.
    if (!this.isTunnel) this.finish();
    events?.onResponseEnd(trailers);
  }

  onReadDone(): void {
    const { events } = this;
    if (this.isDone) this.events = null;
    events?.onResponseReadDone();
  }

  onDrain(): void {
    if (!this.isDone) this.events?.onUpstreamDrain();
  }

  onReset(fault: Fault): void {
    const { events } = this;
    this.events = null;
    if (this.isDone) return;
    this.isDone = true;
    events?.onUpstreamReset(this.hasHead && fault.retry !== "no" ? cutShort(fault) : fault);
  }
}

/** After the head another attempt cannot follow, whatever broke it. */
function cutShort(fault: Fault): Fault {
  return makeFault("HDL_UPSTREAM_BODY_CUT_SHORT", `response cut short: ${fault.message}`, fault.cause);
}
