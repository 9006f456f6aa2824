import { LENGTH_DELIMITED, readFields, readText, VARINT } from "./protobuf.ts";
import type { ReadField } from "./protobuf.ts";

/** What was read is no message, or a field of it has another type than it should. */
export class BrokenMessage extends Error {}

export function broken(): never {
  throw new BrokenMessage();
}

/**
 * The fields of one message by their numbers, as the encoding has them: of a number or text that is there more than once
 * the last holds, messages that are there more than once are one, with the fields of all. A field that is asked for and
 * has another wire type makes the message broken: other readers pass it by, and take what stands for nothing.
 */
export class MessageReader {
  private readonly fields: readonly ReadField[];

  /** Throws BrokenMessage where the octets are no message. */
  constructor(bytes: Uint8Array) {
    this.fields = readFields(bytes) ?? broken();
  }

  has(number: number): boolean {
    return this.fields.some((field) => field.number === number);
  }

  /** 0 where it is not there. */
  varint(number: number): number {
    return this.all(number, VARINT).at(-1)?.value ?? 0;
  }

  /** Null where it is not there. */
  bytes(number: number): Uint8Array | null {
    return this.all(number, LENGTH_DELIMITED).at(-1)?.bytes ?? null;
  }

  /** "" where it is not there. */
  text(number: number): string {
    return this.texts(number).at(-1) ?? "";
  }

  texts(number: number): string[] {
    return this.all(number, LENGTH_DELIMITED).map(({ bytes }) => readText(bytes) ?? broken());
  }

  /** Null where it is not there. The octets of messages on end are those of the message that has the fields of all. */
  message(number: number): MessageReader | null {
    const all = this.all(number, LENGTH_DELIMITED);
    if (all.length === 0) return null;
    return new MessageReader(
      all.length === 1 ? all[0]!.bytes! : Buffer.concat(all.map(({ bytes }) => bytes!)),
    );
  }

  messages(number: number): MessageReader[] {
    return this.all(number, LENGTH_DELIMITED).map(({ bytes }) => new MessageReader(bytes!));
  }

  private all(number: number, wireType: number): readonly ReadField[] {
    const all = this.fields.filter((field) => field.number === number);
    return all.every((field) => field.wireType === wireType) ? all : broken();
  }
}
