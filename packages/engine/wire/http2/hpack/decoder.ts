import { Buffer } from "node:buffer";
import { sliceLatin1 } from "../../../base/index.ts";
import { HEADER_TABLE_BYTES } from "../limits.ts";
import { SP, TAB, VALUE_OCTETS } from "../../octets.ts";
import type { FieldName } from "./field-rules.ts";
import { fieldName } from "./field-rules.ts";
import { HpackField } from "./field.ts";
import { FieldTable } from "./field-table.ts";
import { decodeHuffman } from "./huffman-decode.ts";

/** Takes the fields of a header block, in order. */
export interface FieldSink {
  /** `isSensitive`: the field is never to be indexed by anybody (RFC 7541 section 6.2.3). */
  take(field: HpackField, isSensitive: boolean): void;
}

/** Octets of Huffman code, decoded; used within one call. Grows to the largest string that was seen. */
let scratch: Buffer = Buffer.allocUnsafeSlow(16_384);

/**
 * Decodes the header blocks of one direction of a connection (RFC 7541). Every block must be decoded, in order, or
 * the tables differ from there on.
 */
export class HpackDecoder {
  private readonly table = new FieldTable();
  private at = 0;
  private end = 0;
  /** Why the block is none; "" while it is one. */
  private problem = "";
  private isValidValue = true;

  /** Changes with each change of the table: two blocks of the same octets mean the same while it stays. */
  get generation(): number {
    return this.table.generation;
  }

  get tableSize(): number {
    return this.table.size;
  }

  /**
   * Decodes bytes[start, end), a whole block, into the sink. Returns "" or why it cannot be decoded: the connection
   * must end with COMPRESSION_ERROR (RFC 9113 section 4.3).
   */
  decode(bytes: Uint8Array, start: number, end: number, sink: FieldSink): string {
    this.at = start;
    this.end = end;
    this.problem = "";
    if (start < end && (bytes[start] & 0xe0) === 0x20) this.updateSize(bytes);
    while (this.at < end && this.problem === "") {
      const octet = bytes[this.at];
      if (octet >= 0x80) {
        const field = this.table.get(this.readInteger(bytes, 0x7f));
        if (field === undefined) this.fail("index that no field has");
        else sink.take(field, false);
      } else if (octet >= 0x40) {
        const field = this.readLiteral(bytes, 0x3f);
        if (field === null) break;
        this.table.insert(field);
        sink.take(field, false);
      } else if (octet >= 0x20) {
        // Section 4.2: at the beginning of a block only.
        return "table size update behind a field";
      } else {
        const field = this.readLiteral(bytes, 0x0f);
        if (field !== null) sink.take(field, octet >= 0x10);
      }
    }
    return this.problem;
  }

  /** Sections 4.2 and 6.3: one, or the smallest and then the last of several changes. */
  private updateSize(bytes: Uint8Array): void {
    for (let count = 0; this.at < this.end && (bytes[this.at] & 0xe0) === 0x20; count++) {
      const size = this.readInteger(bytes, 0x1f);
      if (count === 2) this.fail("more than two table size updates");
      if (size > HEADER_TABLE_BYTES) this.fail(`table size update above the limit of ${HEADER_TABLE_BYTES}`);
      if (this.problem !== "") return;
      this.table.resize(size);
    }
  }

  /** Sections 6.2.1 to 6.2.3. Null when it is none. */
  private readLiteral(bytes: Uint8Array, mask: number): HpackField | null {
    const index = this.readInteger(bytes, mask);
    let name: FieldName;
    if (index === 0) {
      name = fieldName(this.readString(bytes));
    } else {
      const named = this.table.get(index);
      if (named === undefined) {
        this.fail("index that no name has");
        return null;
      }
      name = named.name;
    }
    if (this.problem !== "") return null;
    const value = this.readString(bytes);
    return this.problem === "" ? new HpackField(name, value, this.isValidValue) : null;
  }

  /** Section 5.1: an integer whose first octet has a prefix of `mask`; four octets behind it, no more. -1 with a problem. */
  private readInteger(bytes: Uint8Array, mask: number): number {
    let value = bytes[this.at++] & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.at >= this.end) return this.fail("cut short in an integer");
      const octet = bytes[this.at++];
      value += (octet & 0x7f) << shift;
      if (octet < 0x80) return value;
    }
    return this.fail("integer is too large");
  }

  private fail(problem: string): -1 {
    this.problem ||= problem;
    return -1;
  }

  /** Section 5.2. Sets `isValidValue`. "" with a problem. */
  private readString(bytes: Uint8Array): string {
    if (this.at >= this.end) {
      this.fail("cut short before a string");
      return "";
    }
    const octet = bytes[this.at];
    let length = octet & 0x7f;
    if (length === 0x7f) length = this.readInteger(bytes, 0x7f);
    else this.at++;
    const start = this.at;
    if (length > this.end - start || length < 0) {
      this.fail("cut short in a string");
      return "";
    }
    this.at = start + length;
    if (octet < 0x80) {
      this.isValidValue = isValue(bytes, start, this.at);
      return sliceLatin1(bytes, start, this.at);
    }
    const room = length * 2;
    if (room > scratch.length) scratch = Buffer.allocUnsafeSlow(room);
    const size = decodeHuffman(bytes, start, this.at, scratch);
    if (size < 0) {
      this.fail("invalid Huffman code");
      return "";
    }
    this.isValidValue = isValue(scratch, 0, size);
    return sliceLatin1(scratch, 0, size);
  }
}

/** RFC 9113 section 8.2.1, and no other control character either, as in HTTP/1.1. */
function isValue(bytes: Uint8Array, start: number, end: number): boolean {
  if (start === end) return true;
  const first = bytes[start];
  const last = bytes[end - 1];
  if (first === SP || first === TAB || last === SP || last === TAB) return false;
  for (let i = start; i < end; i++) if (VALUE_OCTETS[bytes[i]] === 0) return false;
  return true;
}
