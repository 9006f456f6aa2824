/**
 * The wire format of Protocol Buffers (protobuf.dev/programming-guides/encoding), as far as the messages of external
 * authorisation need it: varints, strings, bytes, nested messages and maps of strings.
 */
export const VARINT = 0;
const FIXED_64 = 1;
export const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** Tags are numbers of 32 bits: a field's number and three bits of its type. */
const MAX_TAG = 2 ** 32 - 1;

/** Fields of one message: one of a thousand headers is beyond what a request may have. */
const MAX_FIELDS = 1_024;

/** One message being written: fields in the order of their calls. Zero and "" are left out, as proto3 has it. */
export class MessageWriter {
  private readonly parts: Uint8Array[] = [];

  varint(field: number, value: number): this {
    if (value !== 0) this.parts.push(encodeVarint(field * 8 + VARINT), encodeVarint(value));
    return this;
  }

  text(field: number, value: string): this {
    return value === "" ? this : this.delimited(field, Buffer.from(value, "utf8"));
  }

  bytes(field: number, value: Uint8Array): this {
    return value.length === 0 ? this : this.delimited(field, value);
  }

  /** Also when it is empty: a message that is there differs from one that is not. */
  message(field: number, value: MessageWriter): this {
    return this.delimited(field, value.toBytes());
  }

  /** An entry of a map<string, string>. */
  entry(field: number, key: string, value: string): this {
    return this.message(field, new MessageWriter().text(1, key).text(2, value));
  }

  toBytes(): Buffer {
    return Buffer.concat(this.parts);
  }

  private delimited(field: number, bytes: Uint8Array): this {
    this.parts.push(encodeVarint(field * 8 + LENGTH_DELIMITED), encodeVarint(bytes.length), bytes);
    return this;
  }
}

/** A negative value is sign-extended to 64 bits, ten octets: int64 -1. */
function encodeVarint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

/** One field of a message: a number, or octets that are a view of what was read. */
export interface ReadField {
  readonly number: number;
  readonly wireType: number;
  /** 0 where the field is no varint. Exact up to 2⁵³; what is more is not 0 either. */
  readonly value: number;
  /** Null where the field is not delimited. */
  readonly bytes: Uint8Array | null;
}

/** The fields of a message in their order. Null: it is no message, has groups, or has more than a thousand fields. */
export function readFields(bytes: Uint8Array): ReadField[] | null {
  const fields: ReadField[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = readVarint(bytes, at);
    if (tag === null || tag.value < 8 || tag.value > MAX_TAG || fields.length === MAX_FIELDS) return null;
    const number = Math.floor(tag.value / 8);
    const end = readValue(bytes, tag.end, tag.value % 8, number, fields);
    if (end === null || end > bytes.length) return null;
    at = end;
  }
  return fields;
}

/** Where the value ends; null where it is not whole, or of a type that proto3 has not. */
function readValue(
  bytes: Uint8Array,
  at: number,
  wireType: number,
  number: number,
  fields: ReadField[],
): number | null {
  if (wireType === FIXED_64 || wireType === FIXED_32) {
    fields.push({ number, wireType, value: 0, bytes: null });
    return at + (wireType === FIXED_64 ? 8 : 4);
  }
  const varint = wireType === VARINT || wireType === LENGTH_DELIMITED ? readVarint(bytes, at) : null;
  if (varint === null) return null;
  if (wireType === VARINT) {
    fields.push({ number, wireType, value: varint.value, bytes: null });
    return varint.end;
  }
  const end = varint.end + varint.value;
  if (end > bytes.length) return null;
  fields.push({ number, wireType, value: 0, bytes: bytes.subarray(varint.end, end) });
  return end;
}

function readVarint(bytes: Uint8Array, from: number): { value: number; end: number } | null {
  let value = 0;
  for (let at = from; at < bytes.length && at < from + 10; at++) {
    value += (bytes[at]! & 127) * 2 ** (7 * (at - from));
    if (bytes[at]! < 128) return { value, end: at + 1 };
  }
  return null;
}

/** Text in UTF-8; null where the octets are none. */
export function readText(bytes: Uint8Array | null): string | null {
  if (bytes === null) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
