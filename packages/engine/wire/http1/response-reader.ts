import { sliceLatin1 } from "../../base/index.ts";
import type { Fault, FaultCode } from "../../base/index.ts";
import { Fields, LENGTH_UNKNOWN, NAME, reasonOf, ResponseHead, SPAN } from "../../message/index.ts";
import { ConnectionOptions } from "./connection-options.ts";
import { forEachMember, valueAt } from "./field-list.ts";
import { LAST_FRAMING_ID } from "../framing-names.ts";
import { INCOMPLETE, REFUSED } from "./field-scanner.ts";
import { CONTENT_LENGTH_BIT, framingProblem, isChunked, parseContentLength } from "./framing.ts";
import type { Http1Limits } from "./limits.ts";
import { MAX_INFORMATIONAL } from "./limits.ts";
import { MessageReader } from "./message-reader.ts";
import { hasOctets, RESPONSE_NAME_OCTETS } from "../octets.ts";
import { PartialHead } from "./partial-head.ts";
import { ResponseScanner } from "./response-scanner.ts";

export interface ResponseReaderEvents {
  /** 1xx other than 101. */
  onInformational(head: ResponseHead): void;
  /**
   * `isLast`: no body follows, `onResponseEnd` is not called. `keepAlive`: the upstream will take another request.
   * A 101, or a 2xx to CONNECT, is never last: `startTunnel`, now or later, makes the octets behind it the body.
   */
  onResponseHead(head: ResponseHead, isLast: boolean, keepAlive: boolean): void;
  /** A view of the bytes that were read, valid during the call. */
  onResponseBody(chunk: Uint8Array): void;
  onResponseEnd(trailers: Fields | null): void;
  /** The response breaks a rule or was cut short, before or after its head; the reader is dead. */
  onResponseMalformed(fault: Fault): void;
}

const FRAMING_BITS = CONTENT_LENGTH_BIT | (1 << NAME.TRANSFER_ENCODING);

/** One for all readers, as RequestReader's. */
let sharedScanner = new ResponseScanner();
const connection = new ConnectionOptions("response");

/**
 * Decodes the responses of one upstream connection (RFC 9112), one for each `expect`: outside of one it takes
 * nothing, and what is left over is the caller's business. As strict as RequestReader, except that names may have
 * underscores.
 */
export class ResponseReader extends MessageReader {
  protected readonly names = RESPONSE_NAME_OCTETS;
  protected readonly malformed: FaultCode = "HDL_UPSTREAM_MALFORMED";
  protected readonly tooLarge: FaultCode = "HDL_UPSTREAM_HEAD_TOO_LARGE";
  /** Keep-Alive: timeout=N of the last head, in seconds; 0 when it said nothing. */
  keepAliveSeconds = 0;
  private readonly events: ResponseReaderEvents;
  private partial: PartialHead<ResponseScanner> | null = null;
  private method = "";
  private upgrade = "";
  private informationals = 0;

  constructor(limits: Http1Limits, events: ResponseReaderEvents) {
    super(limits);
    this.events = events;
  }

  /** A request was sent: its method, and the protocol it asks to upgrade to, or "". */
  expect(method: string, upgrade: string): void {
    if (this.state === "dead") return;
    if (this.state !== "idle" && this.state !== "done") {
      throw new Error(`a response was expected in state ${this.state}`);
    }
    this.state = "head";
    this.method = method;
    this.upgrade = upgrade;
    this.informationals = 0;
    this.keepAliveSeconds = 0;
  }

  /** The upstream ended the connection: ends a body that lasts until then, else reports what was cut short. */
  finish(): void {
    switch (this.state) {
      case "head":
        this.fail(
          "HDL_UPSTREAM_RESET",
          this.partial === null
            ? "upstream closed the connection before a response"
            : "upstream closed the connection within a response head",
        );
        break;
      case "body":
        if (this.endsWithConnection) {
          this.endMessage();
          this.emitEnd(null);
        } else {
          this.fail("HDL_UPSTREAM_BODY_CUT_SHORT", "upstream closed the connection within a response body");
        }
        break;
      case "tunnel":
        this.endMessage();
        this.emitEnd(null);
        break;
      default:
    }
  }

  override close(): void {
    super.close();
    this.partial = null;
  }

  protected emitBody(chunk: Uint8Array): void {
    this.events.onResponseBody(chunk);
  }

  protected emitEnd(trailers: Fields | null): void {
    this.events.onResponseEnd(trailers);
  }

  protected emitMalformed(fault: Fault): void {
    this.events.onResponseMalformed(fault);
  }

  protected readHead(bytes: Uint8Array, start: number, end: number): number {
    if (this.state === "idle") {
      // Nobody asked: these bytes would answer the next request.
      this.stop();
      return start;
    }
    if (this.partial !== null) return this.resumeHead(this.partial, bytes, start, end);
    const scanner = sharedScanner;
    scanner.reset();
    const at = scanner.scan(bytes, start, end, this.limits);
    if (at === INCOMPLETE) {
      // The scanner goes with the bytes it knows about.
      sharedScanner = new ResponseScanner();
      this.partial = new PartialHead(scanner);
      this.partial.append(bytes, start, end, this.limits.maxHeadBytes + 1);
      return end;
    }
    return this.endHead(bytes, start, at, scanner) ? at : start;
  }

  private resumeHead(
    partial: PartialHead<ResponseScanner>,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): number {
    const had = partial.length;
    if (!partial.append(bytes, start, end, this.limits.maxHeadBytes + 1)) return end;
    const at = partial.scanner.scan(partial.bytes, 0, partial.length, this.limits);
    if (at === INCOMPLETE) return end;
    this.partial = null;
    return this.endHead(partial.bytes, 0, at, partial.scanner) ? start + at - had : start;
  }

  private refuse(message: string): false {
    this.fail("HDL_UPSTREAM_MALFORMED", message);
    return false;
  }

  /** Turns the scanned head into events; false when it is refused. */
  private endHead(bytes: Uint8Array, base: number, at: number, scanner: ResponseScanner): boolean {
    if (at === REFUSED) {
      this.fail(scanner.code, `response head: ${scanner.message}`);
      return false;
    }
    const text = sliceLatin1(bytes, base, base + scanner.line);
    const fields = new Fields(text, scanner.spans.slice(0, scanner.size));
    const head = new ResponseHead(scanner.status, fields, LENGTH_UNKNOWN);
    head.version = scanner.version;
    const { status, reasonStart, reasonEnd } = scanner;
    if (!hasOctets(bytes, base + reasonStart, base + reasonEnd, reasonOf(status)))
      head.reason = text.slice(reasonStart, reasonEnd);
    const problem = framingProblem(scanner.seen, scanner.repeated, scanner.version);
    if (problem !== "") return this.refuse(problem);
    connection.reset();
    if (scanner.seen !== 0 && !this.takeFraming(head, bytes, base)) return false;
    if (scanner.status < 200) return this.takeInterim(head, scanner);
    this.takeFinal(head, scanner);
    return true;
  }

  /** What frames the message and the connection leaves the fields; content-length stays. */
  private takeFraming(head: ResponseHead, bytes: Uint8Array, base: number): boolean {
    const { text, spans } = head.fields;
    for (let at = 0; at < spans.length; at += SPAN) {
      const id = spans[at];
      if (id <= 0 || id > LAST_FRAMING_ID) continue;
      if (id === NAME.CONTENT_LENGTH) {
        head.bodyLength = parseContentLength(bytes, base + spans[at + 3], base + spans[at + 4]);
        if (head.bodyLength < 0) return this.refuse("invalid content-length");
        continue;
      }
      if (id === NAME.UPGRADE && head.status === 101) continue;
      spans[at] = -1;
      if (id === NAME.CONNECTION) connection.addAt(bytes, base, text, spans, at);
      else if (id === NAME.KEEP_ALIVE) this.takeKeepAlive(valueAt(text, spans, at));
      else if (
        id === NAME.TRANSFER_ENCODING &&
        !isChunked(bytes, base + spans[at + 3], base + spans[at + 4])
      ) {
        return this.refuse("transfer-encoding is not chunked alone");
      }
    }
    if (connection.problem !== "") return this.refuse(connection.problem);
    connection.apply(text, spans);
    return true;
  }

  private takeKeepAlive(value: string): void {
    const match = /(?:^|[,\s])timeout=(\d{1,6})(?:$|[,\s])/i.exec(value);
    if (match !== null) this.keepAliveSeconds = Number(match[1]);
  }

  /** RFC 9110 section 15.2. */
  private takeInterim(head: ResponseHead, scanner: ResponseScanner): boolean {
    if (scanner.version === 10) return this.refuse("1xx response in HTTP/1.0");
    if ((scanner.seen & FRAMING_BITS) !== 0) return this.refuse("1xx response with a body");
    head.bodyLength = 0;
    if (head.status === 101) return this.takeSwitch(head);
    if (++this.informationals > MAX_INFORMATIONAL) {
      return this.refuse(`more than ${MAX_INFORMATIONAL} informational responses`);
    }
    this.events.onInformational(head);
    return true;
  }

  /** RFC 9110 section 7.8: only to what was asked for, and to nothing else. */
  private takeSwitch(head: ResponseHead): boolean {
    if (this.upgrade === "") return this.refuse("101 without an upgrade asked for");
    let hasProtocol = false;
    let hasOther = false;
    for (const value of head.fields.getAll("upgrade")) {
      forEachMember(value.toLowerCase(), (protocol) => {
        if (protocol === this.upgrade) hasProtocol = true;
        else hasOther = true;
      });
    }
    if (!connection.hasUpgrade || !hasProtocol || hasOther) {
      return this.refuse("101 to another protocol than was asked for");
    }
    this.state = "done";
    this.events.onResponseHead(head, false, false);
    return true;
  }

  private takeFinal(head: ResponseHead, scanner: ResponseScanner): void {
    const keepAlive = !connection.hasClose && (scanner.version === 11 || connection.hasKeepAlive);
    const { status } = head;
    if (this.method === "CONNECT" && status < 300) {
      // RFC 9112 section 6.3: framing fields in it mean nothing.
      head.fields.delete("content-length");
      head.bodyLength = 0;
      this.state = "done";
      this.events.onResponseHead(head, false, false);
      return;
    }
    if (this.method === "HEAD" || status === 204 || status === 304) head.bodyLength = 0;
    if (status === 204) head.fields.delete("content-length");
    if (head.bodyLength === 0) {
      this.endMessage();
      this.events.onResponseHead(head, true, keepAlive);
    } else if (head.bodyLength > 0) {
      this.beginLengthBody(head.bodyLength);
      this.events.onResponseHead(head, false, keepAlive);
    } else if ((scanner.seen & FRAMING_BITS) !== 0) {
      this.beginChunkedBody();
      this.events.onResponseHead(head, false, keepAlive);
    } else {
      this.beginCloseBody();
      this.events.onResponseHead(head, false, false);
    }
  }
}
