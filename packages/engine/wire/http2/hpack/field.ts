import { FIELD_CHARGE } from "../limits.ts";
import type { FieldName } from "./field-rules.ts";

/** One field of a header block, or an entry of a table: the same object each time a block refers to it. */
export class HpackField {
  readonly name: FieldName;
  readonly value: string;
  /** Every octet may stand in a field value, and none of the outer ones is white space (RFC 9113 section 8.2.1). */
  readonly hasValidValue: boolean;
  /** RFC 7541 section 4.1. */
  readonly size: number;
  /** See `line`; "" until somebody asks. */
  private text = "";

  constructor(name: FieldName, value: string, hasValidValue: boolean) {
    this.name = name;
    this.value = value;
    this.hasValidValue = hasValidValue;
    this.size = name.text.length + value.length + FIELD_CHARGE;
  }

  /** "name: value" and CRLF, as Fields and HTTP/1.1 have it. */
  get line(): string {
    if (this.text === "") this.text = `${this.name.text}: ${this.value}\r\n`;
    return this.text;
  }
}
