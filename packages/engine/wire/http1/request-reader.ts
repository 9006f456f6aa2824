import { sliceLatin1 } from "../../base/index.ts";
import type { Fault, FaultCode } from "../../base/index.ts";
import {
  Fields,
  LENGTH_UNKNOWN,
  NAME,
  normalizePath,
  parseAuthority,
  RequestHead,
  SPAN,
} from "../../message/index.ts";
import type { Scheme } from "../../message/index.ts";
import { ConnectionOptions } from "./connection-options.ts";
import { forEachMember, valueAt } from "./field-list.ts";
import { LAST_FRAMING_ID } from "../framing-names.ts";
import { INCOMPLETE, REFUSED } from "./field-scanner.ts";
import { framingProblem, isChunked, parseContentLength } from "./framing.ts";
import type { Http1Limits } from "./limits.ts";
import { MessageReader } from "./message-reader.ts";
import { methodAt } from "./methods.ts";
import { CR, hasOctets, REQUEST_NAME_OCTETS } from "../octets.ts";
import { PartialHead } from "./partial-head.ts";
import { RequestScanner } from "./request-scanner.ts";
import { parseSpecialTarget } from "./request-target.ts";

export interface RequestReaderEvents {
  /**
   * `isLast`: no body follows, `onRequestEnd` is not called. `keepAlive`: what the client asks for, by version and
   * Connection.
   */
  onRequestHead(head: RequestHead, isLast: boolean, keepAlive: boolean): void;
  /** A view of the bytes that were read, valid during the call. */
  onRequestBody(chunk: Uint8Array): void;
  onRequestEnd(trailers: Fields | null): void;
  /** The request breaks a rule, before or after its head; the reader is dead. */
  onRequestMalformed(fault: Fault): void;
}

const HOST_BIT = 1 << NAME.HOST;
const UPGRADE_BIT = 1 << NAME.UPGRADE;

/** One for all readers: a head that comes in one read needs none of its own. */
let sharedScanner = new RequestScanner();

/** The same, for the Connection fields of the head at hand. */
const connection = new ConnectionOptions("request");

/** Most requests name the host that the one before named, on whichever connection. */
let lastHost: string | null = null;
let lastAuthority = "";

/**
 * Decodes the requests of one connection (RFC 9112), one at a time: after a request it takes nothing until `next`.
 * Strict: what two readers could read in two ways is refused, never repaired. Without clock and I/O; throws only
 * when it is used against its rules.
 */
export class RequestReader extends MessageReader {
  protected readonly names = REQUEST_NAME_OCTETS;
  protected readonly malformed: FaultCode = "HDL_REQUEST_MALFORMED";
  protected readonly tooLarge: FaultCode = "HDL_REQUEST_HEAD_TOO_LARGE";
  private readonly scheme: Scheme;
  private readonly escapedSlashes: "refuse" | "keep";
  private readonly upgrades: readonly string[];
  private readonly events: RequestReaderEvents;
  private partial: PartialHead<RequestScanner> | null = null;

  /** `upgrades`: protocols that an Upgrade may name, lower-case; any other is dropped, h2c always. */
  constructor(
    limits: Http1Limits,
    scheme: Scheme,
    escapedSlashes: "refuse" | "keep",
    upgrades: readonly string[],
    events: RequestReaderEvents,
  ) {
    super(limits);
    this.scheme = scheme;
    this.escapedSlashes = escapedSlashes;
    this.upgrades = upgrades;
    this.events = events;
  }

  /** Ready for the connection's next request. To be called when the last one is "done". */
  next(): void {
    if (this.state === "dead") return;
    if (this.state !== "done") throw new Error(`the next request was called for in state ${this.state}`);
    this.state = "idle";
  }

  override close(): void {
    super.close();
    this.partial = null;
  }

  protected emitBody(chunk: Uint8Array): void {
    this.events.onRequestBody(chunk);
  }

  protected emitEnd(trailers: Fields | null): void {
    this.events.onRequestEnd(trailers);
  }

  protected emitMalformed(fault: Fault): void {
    this.events.onRequestMalformed(fault);
  }

  protected readHead(bytes: Uint8Array, start: number, end: number): number {
    if (this.partial !== null) return this.resumeHead(this.partial, bytes, start, end);
    const scanner = sharedScanner;
    scanner.reset();
    const at = scanner.scan(bytes, start, end, this.limits);
    if (at === INCOMPLETE) {
      // The scanner goes with the bytes it knows about.
      sharedScanner = new RequestScanner();
      this.partial = new PartialHead(scanner);
      this.partial.append(bytes, start, end, this.limits.maxHeadBytes + 1);
      this.waitForMore(this.partial);
      return end;
    }
    return this.endHead(bytes, start, at, scanner) ? at : start;
  }

  private resumeHead(
    partial: PartialHead<RequestScanner>,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): number {
    const had = partial.length;
    if (!partial.append(bytes, start, end, this.limits.maxHeadBytes + 1)) {
      this.waitForMore(partial);
      return end;
    }
    const at = partial.scanner.scan(partial.bytes, 0, partial.length, this.limits);
    if (at === INCOMPLETE) {
      this.waitForMore(partial);
      return end;
    }
    this.partial = null;
    return this.endHead(partial.bytes, 0, at, partial.scanner) ? start + at - had : start;
  }

  /** An empty line alone, which may come before a request, does not begin one. */
  private waitForMore(partial: PartialHead<RequestScanner>): void {
    this.state = partial.length <= 2 && partial.bytes[0] === CR ? "idle" : "head";
  }

  /** Turns the scanned head into events; false when it is refused. */
  private endHead(bytes: Uint8Array, base: number, at: number, scanner: RequestScanner): boolean {
    if (at === REFUSED) {
      this.fail(scanner.code, `request head: ${scanner.message}`);
      return false;
    }
    const method = methodAt(bytes, base + scanner.methodStart, base + scanner.methodEnd);
    const text = sliceLatin1(bytes, base, base + scanner.line);
    const spans = scanner.spans.slice(0, scanner.size);
    const head = new RequestHead(method, this.scheme, "", "", "", new Fields(text, spans));
    head.version = scanner.version;
    return (
      this.takeAuthority(head, scanner, bytes, base) &&
      this.takeTarget(head, scanner) &&
      this.takeFraming(head, scanner, bytes, base)
    );
  }

  private refuse(message: string): false {
    this.fail("HDL_REQUEST_MALFORMED", message);
    return false;
  }

  /** RFC 9112 section 3.2: one Host, valid; HTTP/1.0 may go without. */
  private takeAuthority(
    head: RequestHead,
    scanner: RequestScanner,
    bytes: Uint8Array,
    base: number,
  ): boolean {
    if ((scanner.seen & HOST_BIT) === 0) {
      return scanner.version === 10 || this.refuse("no host field in an HTTP/1.1 request");
    }
    if ((scanner.repeated & HOST_BIT) !== 0) return this.refuse("more than one host field");
    const { spans } = head.fields;
    let at = 0;
    while (spans[at] !== NAME.HOST) at += SPAN;
    spans[at] = -1;
    const start = base + spans[at + 3];
    const end = base + spans[at + 4];
    // Octets: to compare a slice of the head with another text is a call into the runtime.
    if (lastHost === null || !hasOctets(bytes, start, end, lastHost)) {
      const host = sliceLatin1(bytes, start, end);
      const authority = parseAuthority(host);
      if (authority === null) return this.refuse("invalid host field");
      lastHost = host;
      lastAuthority = authority;
    }
    head.authority = lastAuthority;
    head.sentAuthority = lastHost;
    return true;
  }

  private takeTarget(head: RequestHead, scanner: RequestScanner): boolean {
    const { text } = head.fields;
    if (text.charCodeAt(scanner.targetStart) !== 47 || head.method === "CONNECT") {
      return this.takeSpecialTarget(head, text.slice(scanner.targetStart, scanner.targetEnd));
    }
    let path: string | null = text.slice(scanner.targetStart, scanner.queryStart);
    if (scanner.needsNormalising) path = normalizePath(path, this.escapedSlashes);
    if (path === null) return this.refusePath();
    head.path = path;
    head.checkedPath = path;
    if (scanner.queryStart < scanner.targetEnd)
      head.query = text.slice(scanner.queryStart, scanner.targetEnd);
    head.checkedQuery = head.query;
    return true;
  }

  private takeSpecialTarget(head: RequestHead, target: string): boolean {
    const parsed = parseSpecialTarget(target, head.method, this.scheme, this.escapedSlashes);
    if (parsed === "path") return this.refusePath();
    if (typeof parsed === "string") return this.refuse(TARGET_PROBLEMS[parsed]);
    if (parsed.authority !== "" && head.authority !== parsed.authority) {
      // HTTP/1.0 may have no Host to agree with.
      if (head.authority !== "") return this.refuse("host field differs from the request target's authority");
      head.authority = parsed.authority;
    }
    head.path = parsed.path;
    head.query = parsed.query;
    return true;
  }

  private refusePath(): false {
    this.fail(
      "HDL_REQUEST_PATH_REFUSED",
      "path with a broken or refused escape, or dots that leave the root",
    );
    return false;
  }

  /** What frames the message and the connection leaves the fields for typed members; then the events. */
  private takeFraming(head: RequestHead, scanner: RequestScanner, bytes: Uint8Array, base: number): boolean {
    const problem = framingProblem(scanner.seen, scanner.repeated, scanner.version);
    if (problem !== "") return this.refuse(problem);
    let keepAlive = scanner.version === 11;
    const isConnect = head.method === "CONNECT";
    if ((scanner.seen & ~HOST_BIT) !== 0) {
      const { text, spans } = head.fields;
      connection.reset();
      for (let at = 0; at < spans.length; at += SPAN) {
        const id = spans[at];
        if (id <= 0 || id > LAST_FRAMING_ID) continue;
        if (id === NAME.CONTENT_LENGTH) {
          head.bodyLength = parseContentLength(bytes, base + spans[at + 3], base + spans[at + 4]);
          if (head.bodyLength < 0) return this.refuse("invalid content-length");
          continue;
        }
        spans[at] = -1;
        if (id === NAME.CONNECTION) connection.addAt(bytes, base, text, spans, at);
        else if (id === NAME.TRANSFER_ENCODING) {
          if (!isChunked(bytes, base + spans[at + 3], base + spans[at + 4])) {
            return this.refuse("transfer-encoding is not chunked alone");
          }
          head.bodyLength = LENGTH_UNKNOWN;
        } else if (id === NAME.TE) {
          forEachMember(valueAt(text, spans, at).toLowerCase(), (member) => {
            if (member === "trailers") head.acceptsTrailers = true;
          });
        } else if (id === NAME.EXPECT && !this.takeExpect(head, valueAt(text, spans, at))) return false;
      }
      if (connection.problem !== "") return this.refuse(connection.problem);
      connection.apply(text, spans);
      if (connection.hasClose) keepAlive = false;
      else if (connection.hasKeepAlive) keepAlive = true;
      if ((scanner.seen & UPGRADE_BIT) !== 0) this.takeUpgrade(head, scanner);
      if (isConnect && head.bodyLength !== 0) return this.refuse("CONNECT with a body");
    }
    this.emitHead(head, keepAlive);
    return true;
  }

  /** RFC 9110 section 10.1.1: 100-continue is the only expectation; HTTP/1.0 has none. */
  private takeExpect(head: RequestHead, value: string): boolean {
    if (head.version === 10) return true;
    if (value.toLowerCase() !== "100-continue") {
      this.fail("HDL_REQUEST_EXPECTATION_UNSUPPORTED", "expectation is not 100-continue");
      return false;
    }
    head.expectsContinue = true;
    return true;
  }

  /**
   * RFC 9110 section 7.8. The first listed protocol that is allowed, of a GET without a body that names Upgrade in
   * Connection; whatever else is asked for is dropped, and the request goes on without it (threat 12).
   */
  private takeUpgrade(head: RequestHead, scanner: RequestScanner): void {
    if (!connection.hasUpgrade || head.version === 10 || head.method !== "GET" || head.bodyLength !== 0)
      return;
    const { text, spans } = head.fields;
    for (let at = 0; at < scanner.size; at += SPAN) {
      if (scanner.spans[at] !== NAME.UPGRADE) continue;
      forEachMember(valueAt(text, spans, at).toLowerCase(), (protocol) => {
        if (head.upgrade === "" && protocol !== "h2c" && this.upgrades.includes(protocol))
          head.upgrade = protocol;
      });
    }
  }

  private emitHead(head: RequestHead, keepAlive: boolean): void {
    const isLast = head.bodyLength === 0;
    // Without a body there is nothing to wait for.
    if (isLast) head.expectsContinue = false;
    if (isLast) this.endMessage();
    else if (head.bodyLength === LENGTH_UNKNOWN) this.beginChunkedBody();
    else this.beginLengthBody(head.bodyLength);
    this.events.onRequestHead(head, isLast, keepAlive);
  }
}

const TARGET_PROBLEMS = {
  form: "request target is of no form that its method may have",
  authority: "invalid authority in the request target",
  scheme: "scheme of the request target is not the connection's",
} as const;
