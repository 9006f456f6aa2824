import { FieldScanner, INCOMPLETE } from "./field-scanner.ts";
import type { Http1Limits } from "./limits.ts";
import { MAX_METHOD_BYTES } from "./limits.ts";
import {
  CR,
  LF,
  REQUEST_NAME_OCTETS,
  SP,
  TARGET_ESCAPE,
  TARGET_OCTETS,
  TARGET_QUESTION,
  TARGET_REFUSED,
  TARGET_SLASH,
} from "../octets.ts";
import { TOKEN_BYTES } from "../../message/index.ts";

/**
 * Scans a request head: the request line (RFC 9112 section 3), then fields. Offsets are relative to `base`, as
 * FieldScanner's.
 */
export class RequestScanner extends FieldScanner {
  private hasLine = false;
  methodStart = 0;
  methodEnd = 0;
  targetStart = 0;
  targetEnd = 0;
  /** Of the first "?", or targetEnd. */
  queryStart = 0;
  /** The path has escapes, a backslash, double slashes or dots behind a slash. */
  needsNormalising = false;
  /** 10 or 11. */
  version = 0;

  override reset(): void {
    super.reset();
    this.hasLine = false;
  }

  /** Scans bytes[base, end), or what is new of it. Returns as `scanFields`. */
  scan(bytes: Uint8Array, base: number, end: number, limits: Http1Limits): number {
    if (!this.hasLine) {
      const at = this.scanLine(bytes, base, end, limits.maxTargetBytes);
      if (at === INCOMPLETE && end - base > limits.maxHeadBytes) {
        return this.refuse("HDL_REQUEST_HEAD_TOO_LARGE", `larger than ${limits.maxHeadBytes} bytes`);
      }
      if (at < 0) return at;
      this.line = at - base;
      this.hasLine = true;
    }
    return this.scanFields(
      bytes,
      base,
      end,
      REQUEST_NAME_OCTETS,
      limits.maxHeadBytes,
      limits.maxFields,
      "HDL_REQUEST_MALFORMED",
      "HDL_REQUEST_HEAD_TOO_LARGE",
    );
  }

  private malformed(message: string): number {
    return this.refuse("HDL_REQUEST_MALFORMED", message);
  }

  /** The request line: returns the offset behind its CRLF, or as `scan`. */
  private scanLine(bytes: Uint8Array, base: number, end: number, maxTargetBytes: number): number {
    let at = base;
    // RFC 9112 section 2.2: an empty line before the request line is a leftover of old clients. One, not more.
    if (at < end && bytes[at] === CR) {
      if (at + 1 >= end) return INCOMPLETE;
      if (bytes[at + 1] !== LF) return this.malformed("bare CR before the request line");
      at += 2;
    }
    const start = at;
    while (at < end && TOKEN_BYTES[bytes[at]] === 1) at++;
    if (at - start > MAX_METHOD_BYTES)
      return this.malformed(`method is longer than ${MAX_METHOD_BYTES} bytes`);
    if (at >= end) return INCOMPLETE;
    if (at === start || bytes[at] !== SP) return this.malformed("method is not a token and one space");
    this.methodStart = start - base;
    this.methodEnd = at - base;
    at = this.scanTarget(bytes, base, at + 1, end);
    if (at - base - this.targetStart > maxTargetBytes) {
      return this.refuse(
        "HDL_REQUEST_TARGET_TOO_LONG",
        `request target is longer than ${maxTargetBytes} bytes`,
      );
    }
    if (at >= end) return INCOMPLETE;
    if (bytes[at] !== SP || at - base === this.targetStart) {
      return this.malformed(
        bytes[at] === CR || bytes[at] === LF
          ? "request line without a version"
          : "octet that no target may have",
      );
    }
    this.targetEnd = at - base;
    if (this.queryStart < 0) this.queryStart = this.targetEnd;
    return this.scanVersion(bytes, at, end);
  }

  /** Returns the offset of the octet that ends the target, or `end`. */
  private scanTarget(bytes: Uint8Array, base: number, start: number, end: number): number {
    this.targetStart = start - base;
    this.needsNormalising = false;
    this.queryStart = -1;
    let previous = 0;
    let at = start;
    for (; at < end; at++) {
      const kind = TARGET_OCTETS[bytes[at]];
      if (kind > 1) {
        if (kind === TARGET_QUESTION) {
          this.queryStart = at - base;
          while (at < end && TARGET_OCTETS[bytes[at]] !== TARGET_REFUSED) at++;
          return at;
        }
        // An escape anywhere, a slash or a dot right behind a slash.
        if (kind === TARGET_ESCAPE || previous === TARGET_SLASH) this.needsNormalising = true;
      } else if (kind === TARGET_REFUSED) {
        return at;
      }
      previous = kind;
    }
    return at;
  }

  /** " HTTP/1.x" CRLF at `at`; what is no version is malformed, another one unsupported. */
  private scanVersion(bytes: Uint8Array, at: number, end: number): number {
    for (let i = 0; i < VERSION.length && at + i < end; i++) {
      const c = bytes[at + i];
      const isDigitPlace = i === 6 || i === 8;
      if (isDigitPlace ? c < 48 || c > 57 : c !== VERSION.charCodeAt(i)) {
        return this.malformed("request line does not end in an HTTP version and CRLF");
      }
    }
    if (end - at < VERSION.length) return INCOMPLETE;
    const minor = bytes[at + 8] - 48;
    if (bytes[at + 6] !== 49 || minor > 1) {
      return this.refuse("HDL_REQUEST_VERSION_UNSUPPORTED", "version is not HTTP/1.0 or HTTP/1.1");
    }
    this.version = 10 + minor;
    return at + VERSION.length;
  }
}

/** Digits stand for any digit. */
const VERSION = " HTTP/1.1\r\n";
