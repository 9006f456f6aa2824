import { FieldScanner, INCOMPLETE } from "./field-scanner.ts";
import type { Http1Limits } from "./limits.ts";
import { CR, LF, RESPONSE_NAME_OCTETS, SP, VALUE_OCTETS } from "../octets.ts";

/** "HTTP/1.1 200" */
const STATUS_END = 12;

/** Scans a response head: the status line (RFC 9112 section 4), then fields. */
export class ResponseScanner extends FieldScanner {
  private hasLine = false;
  /** 100–599. */
  status = 0;
  /** 10 or 11. */
  version = 0;
  reasonStart = 0;
  reasonEnd = 0;

  override reset(): void {
    super.reset();
    this.hasLine = false;
  }

  /** As RequestScanner.scan. */
  scan(bytes: Uint8Array, base: number, end: number, limits: Http1Limits): number {
    if (!this.hasLine) {
      const at = this.scanLine(bytes, base, end);
      if (at === INCOMPLETE && end - base > limits.maxHeadBytes) {
        return this.refuse("HDL_UPSTREAM_HEAD_TOO_LARGE", `larger than ${limits.maxHeadBytes} bytes`);
      }
      if (at < 0) return at;
      this.line = at - base;
      this.hasLine = true;
    }
    return this.scanFields(
      bytes,
      base,
      end,
      RESPONSE_NAME_OCTETS,
      limits.maxHeadBytes,
      limits.maxFields,
      "HDL_UPSTREAM_MALFORMED",
      "HDL_UPSTREAM_HEAD_TOO_LARGE",
    );
  }

  private malformed(message: string): number {
    return this.refuse("HDL_UPSTREAM_MALFORMED", message);
  }

  /** The status line: returns the offset behind its CRLF, or as `scan`. The reason, and the space before it, may be missing. */
  private scanLine(bytes: Uint8Array, base: number, end: number): number {
    for (let i = 0; i < STATUS_END && base + i < end; i++) {
      if (!isStatusOctet(i, bytes[base + i])) return this.malformed("malformed status line");
    }
    if (end - base <= STATUS_END) return INCOMPLETE;
    this.version = bytes[base + 7] - 38;
    this.status = (bytes[base + 9] - 48) * 100 + (bytes[base + 10] - 48) * 10 + bytes[base + 11] - 48;
    let at = base + STATUS_END;
    if (bytes[at] === SP) at++;
    else if (bytes[at] !== CR) return this.malformed("malformed status line");
    this.reasonStart = at - base;
    while (at < end && VALUE_OCTETS[bytes[at]] === 1) at++;
    this.reasonEnd = at - base;
    if (at < end && bytes[at] !== CR)
      return this.malformed("control character or bare LF in the status line");
    if (at + 1 >= end) return INCOMPLETE;
    if (bytes[at + 1] !== LF) return this.malformed("bare CR in the status line");
    return at + 2;
  }
}

const PATTERN = "HTTP/1.? ???";

/** Whether `c` may be the `i`th octet of "HTTP/1.1 200": version 1.0 or 1.1, status 100–599. */
function isStatusOctet(i: number, c: number): boolean {
  if (i === 7) return c === 48 || c === 49;
  if (i === 9) return c >= 49 && c <= 53;
  if (i > 9) return c >= 48 && c <= 57;
  return c === PATTERN.charCodeAt(i);
}
