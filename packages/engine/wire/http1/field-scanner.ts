import type { FaultCode } from "../../base/index.ts";
import { SPAN } from "../../message/index.ts";
import { LAST_FRAMING_ID } from "../framing-names.ts";
import { knownNameIdAt } from "./known-name-table.ts";
import { COLON, CR, LF, SP, TAB, VALUE_OCTETS } from "../octets.ts";

/** What a scan returns when it did not reach the end of the section. */
export const INCOMPLETE = -1;
export const REFUSED = -2;

/** What a field is charged beyond its octets: what it costs to keep (RFC 9113 section 6.5.2 has the same). */
const FIELD_CHARGE = 32;

/**
 * One pass over a field section (RFC 9112 section 5): checks every octet and records the spans that Fields wants.
 * It stops at a line that is not whole, and goes on from there when it is called with more.
 *
 * Offsets are relative to `base`, so that a partial head may move to another buffer.
 */
export class FieldScanner {
  /** First `size` numbers count; grows once and is used again. */
  readonly spans: number[] = [];
  size = 0;
  /** Start of the first line that is not yet scanned. */
  line = 0;
  /** Bit 1 << id of each framing field that was seen, and of each that was seen again. */
  seen = 0;
  repeated = 0;
  /** Set with REFUSED. */
  code: FaultCode = "HDL_INTERNAL";
  message = "";

  reset(): void {
    this.size = 0;
    this.line = 0;
    this.seen = 0;
    this.repeated = 0;
  }

  refuse(code: FaultCode, message: string): number {
    this.code = code;
    this.message = message;
    return REFUSED;
  }

  /**
   * Scans bytes[base + line, end). Returns the offset behind the empty line, INCOMPLETE, or REFUSED.
   * `malformed` and `tooLarge` are the codes to refuse with.
   */
  scanFields(
    bytes: Uint8Array,
    base: number,
    end: number,
    names: Uint8Array,
    maxBytes: number,
    maxFields: number,
    malformed: FaultCode,
    tooLarge: FaultCode,
  ): number {
    const spans = this.spans;
    let size = this.size;
    let at = base + this.line;
    let limit = base + maxBytes - (size / SPAN) * FIELD_CHARGE;
    const maxSize = maxFields * SPAN;
    for (;;) {
      let i = skip(bytes, at, end, names);
      if (i >= end) break;
      if (i === at || bytes[i] !== COLON) {
        if (i === at && bytes[i] === CR) {
          if (i + 1 >= end) break;
          if (bytes[i + 1] !== LF) return this.refuse(malformed, "bare CR");
          if (i + 2 > limit) return this.refuse(tooLarge, sizeMessage(maxBytes));
          this.size = size;
          this.line = at - base;
          return i + 2;
        }
        return this.refuse(malformed, nameProblem(bytes, at, i));
      }
      const nameEnd = i++;
      while (i < end && (bytes[i] === SP || bytes[i] === TAB)) i++;
      const valueStart = i;
      i = skip(bytes, i, end, VALUE_OCTETS);
      if (i >= end) break;
      if (bytes[i] !== CR) return this.refuse(malformed, valueProblem(bytes[i]));
      if (i + 1 >= end) break;
      if (bytes[i + 1] !== LF) return this.refuse(malformed, "bare CR in a field value");
      let valueEnd = i;
      while (valueEnd > valueStart && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === TAB)) valueEnd--;

      const id = knownNameIdAt(bytes, at, nameEnd);
      if (id !== 0 && id <= LAST_FRAMING_ID) {
        const bit = 1 << id;
        this.repeated |= this.seen & bit;
        this.seen |= bit;
      }
      if (size >= maxSize) return this.refuse(tooLarge, `more than ${maxFields} fields`);
      limit -= FIELD_CHARGE;
      if (i + 2 > limit) return this.refuse(tooLarge, sizeMessage(maxBytes));
      spans[size] = id;
      spans[size + 1] = at - base;
      spans[size + 2] = nameEnd - base;
      spans[size + 3] = valueStart - base;
      spans[size + 4] = valueEnd - base;
      size += SPAN;
      at = i + 2;
    }
    this.size = size;
    this.line = at - base;
    if (end > limit) return this.refuse(tooLarge, sizeMessage(maxBytes));
    return INCOMPLETE;
  }
}

/** The offset of the first octet from `at` on that the table has no 1 for, or `end`. */
function skip(bytes: Uint8Array, at: number, end: number, octets: Uint8Array): number {
  while (at < end && octets[bytes[at]] === 1) at++;
  return at;
}

function sizeMessage(maxBytes: number): string {
  return `larger than ${maxBytes} bytes, each field counted with ${FIELD_CHARGE} more`;
}

/** Why the octet at `at` ends no field name that began at `start`. */
function nameProblem(bytes: Uint8Array, start: number, at: number): string {
  const c = bytes[at];
  if (c === SP || c === TAB) {
    return at === start
      ? "folded field line, or space before the first one"
      : "space in or after a field name";
  }
  if (c === COLON) return "empty field name";
  if (c === 95) return "underscore in a field name";
  if (c === LF) return "bare LF";
  if (c === CR) return "field line without a colon";
  return "octet that no field name may have";
}

function valueProblem(c: number): string {
  return c === LF ? "bare LF in a field value" : "control character in a field value";
}
