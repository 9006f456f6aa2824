import { Buffer } from "node:buffer";
import type { Fault } from "../../base/index.ts";
import { Fields, LENGTH_UNKNOWN, RequestHead, ResponseHead } from "../../message/index.ts";
import { FrameText } from "./frame-text.suite.ts";
import { DEFAULT_HTTP2_LIMITS, Http2ClientSession, Http2ServerSession } from "./index.ts";
import type {
  Http2Limits,
  Http2Stream,
  Http2Writer,
  ResponseStreamEvents,
  ServerSessionEvents,
  ServerSessionOptions,
} from "./index.ts";

/** Writes down, in order, what a session says and sends; bodies are merged. */
export class Log implements Http2Writer {
  readonly lines: string[] = [];
  private readonly frames = new FrameText();
  private body = "";
  private bodyStream = 0;

  push(line: string): void {
    this.endBody();
    this.lines.push(line);
  }

  onBody(stream: number, chunk: Uint8Array): void {
    if (this.bodyStream !== stream) this.endBody();
    this.bodyStream = stream;
    this.body += Buffer.from(chunk).toString("latin1");
  }

  private endBody(): void {
    const { body, bodyStream } = this;
    this.body = "";
    this.bodyStream = 0;
    if (body === "") return;
    this.lines.push(
      `body ${bodyStream} ${body.length > 40 ? `${body.length} octets` : JSON.stringify(body)}`,
    );
  }

  pushFields(fields: Fields, kind: string): void {
    for (const [name, value] of fields.toPairs()) this.push(`${kind} ${name}: ${value}`);
  }

  /** Octets of all DATA frames that were sent. */
  get dataSent(): Buffer[] {
    return this.frames.data;
  }

  writeText(text: string): void {
    for (const line of this.frames.take(Buffer.from(text, "latin1"))) this.push(`sent ${line}`);
  }

  writeBytes(bytes: Uint8Array): void {
    for (const line of this.frames.take(Buffer.from(bytes))) this.push(`sent ${line}`);
  }

  /** What came since the last call, in ASCII, as it stands in a transcript. */
  take(): string[] {
    this.endBody();
    const escape = (c: string) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`;
    return this.lines.splice(0).map((line) => line.replace(/[^ -~]/g, escape));
  }
}

export function lengthWord(length: number): string {
  return length === LENGTH_UNKNOWN ? "length=unknown" : `length=${length}`;
}

function words(first: string, more: (string | false)[]): string {
  return [first, ...more.filter((word) => word !== false)].join(" ");
}

/** The owner of one stream. */
class StreamLog implements ResponseStreamEvents {
  readonly log: Log;
  stream!: Http2Stream;
  /** Called at the end of the request: answers it. */
  answer: ((stream: Http2Stream) => void) | null = null;
  /** Called with each onDrain. */
  onDrained: (() => void) | null = null;
  /** Called with each event but onReset. */
  everyEvent: ((stream: Http2Stream) => void) | null = null;
  bodyBytes = 0;
  drains = 0;

  constructor(log: Log) {
    this.log = log;
  }

  onInformational(head: ResponseHead): void {
    this.log.push(`informational ${this.stream.id} ${head.status}`);
    this.log.pushFields(head.fields, "field");
  }

  onResponse(head: ResponseHead, isLast: boolean): void {
    this.log.push(
      words(`response ${this.stream.id} ${head.status}`, [lengthWord(head.bodyLength), isLast && "last"]),
    );
    this.log.pushFields(head.fields, "field");
  }

  onBody(chunk: Uint8Array): void {
    this.bodyBytes += chunk.length;
    this.log.onBody(this.stream.id, chunk);
    this.everyEvent?.(this.stream);
  }

  onEnd(trailers: Fields | null): void {
    this.log.push(`end ${this.stream.id}`);
    if (trailers !== null) this.log.pushFields(trailers, "trailer");
    this.answer?.(this.stream);
  }

  onReadDone(): void {
    this.everyEvent?.(this.stream);
  }

  onDrain(): void {
    this.drains++;
    this.onDrained?.();
    this.everyEvent?.(this.stream);
  }

  onReset(fault: Fault): void {
    this.log.push(`reset ${this.stream.id} ${fault.code} ${fault.retry}: ${fault.message}`);
  }
}

/** An owner of a server's session that notes everything, and answers as it is told. */
export class ServerLog implements ServerSessionEvents {
  readonly log = new Log();
  readonly session: Http2ServerSession;
  readonly streams = new Map<number, Http2Stream>();
  readonly owners = new Map<number, StreamLog>();
  /** Answers a request that is whole, and one that is refused. */
  answer: ((stream: Http2Stream) => void) | null = null;
  answerRefused: ((stream: Http2Stream) => void) | null = null;
  /** Called with each event of a stream. */
  everyEvent: ((stream: Http2Stream) => void) | null = null;
  lastHead: RequestHead | null = null;

  constructor(limits: Partial<Http2Limits> = {}, options: Partial<ServerSessionOptions> = {}) {
    this.session = new Http2ServerSession(
      this.log,
      { ...DEFAULT_HTTP2_LIMITS, ...limits },
      { scheme: "http", escapedSlashes: "refuse", upgrades: ["websocket"], ...options },
      this,
    );
  }

  onRequest(stream: Http2Stream, head: RequestHead, isLast: boolean): StreamLog {
    const { method, scheme, authority, path, query } = head;
    this.lastHead = head;
    this.log.push(
      words(
        `request ${stream.id} ${method} ${scheme}://${authority}${path === "*" ? " " : ""}${path}${query}`,
        [
          lengthWord(head.bodyLength),
          isLast && "last",
          head.upgrade !== "" && `upgrade=${head.upgrade}`,
          head.expectsContinue && "expects-continue",
          head.acceptsTrailers && "accepts-trailers",
          head.version !== 20 && "not HTTP/2",
        ],
      ),
    );
    this.log.pushFields(head.fields, "field");
    const owner = new StreamLog(this.log);
    owner.stream = stream;
    owner.answer = this.answer;
    owner.everyEvent = this.everyEvent;
    this.streams.set(stream.id, stream);
    this.owners.set(stream.id, owner);
    if (isLast) this.answer?.(stream);
    return owner;
  }

  onRequestRefused(stream: Http2Stream, fault: Fault): void {
    this.log.push(`refused ${stream.id} ${fault.code}: ${fault.message}`);
    this.answerRefused?.(stream);
  }

  onSessionFault(fault: Fault): void {
    this.log.push(`fault ${fault.code}: ${fault.message}`);
  }

  onStreamClosed(stream: Http2Stream): void {
    this.log.push(`closed ${stream.id}`);
  }

  onGoAway(code: number): void {
    this.log.push(`goaway ${code}`);
  }

  onPong(): void {
    this.log.push("pong");
  }

  onSettings(): void {}
}

/** The same of a client's session. */
export class ClientLog {
  readonly log = new Log();
  readonly session: Http2ClientSession;

  constructor(limits: Partial<Http2Limits> = {}) {
    this.session = new Http2ClientSession(
      this.log,
      { ...DEFAULT_HTTP2_LIMITS, ...limits },
      {
        onSessionFault: (fault) => this.log.push(`fault ${fault.code}: ${fault.message}`),
        onStreamClosed: (stream) => this.log.push(`closed ${stream.id}`),
        onGoAway: (code) => this.log.push(`goaway ${code}`),
        onPong: () => this.log.push("pong"),
        onSettings: () => {},
      },
    );
  }

  open(head: RequestHead, isLast: boolean): StreamLog | null {
    const owner = new StreamLog(this.log);
    const stream = this.session.open(head, isLast, owner);
    if (stream === null) return null;
    owner.stream = stream;
    return owner;
  }
}

export function requestHead(method: string, path: string, pairs: [string, string][] = []): RequestHead {
  return new RequestHead(method, "http", "a", path, "", Fields.of(pairs));
}

/** 200 with a body of that text. */
export function answerWith(text: string): (stream: Http2Stream) => void {
  return (stream) => {
    stream.writeHead(new ResponseHead(200, new Fields(), text.length), text === "");
    if (text === "") return;
    stream.writeBody(Buffer.from(text, "latin1"));
    stream.writeEnd(null);
  };
}
