import type { HpackDecoder } from "./decoder.ts";

/** A decoded block: name, value, whether it is never to be indexed; and why it is none. */
export interface Decoded {
  readonly fields: [string, string, boolean][];
  readonly problem: string;
}

/** Decodes a block that stands somewhere within a larger buffer. */
export function decodeBlock(decoder: HpackDecoder, block: Uint8Array): Decoded {
  const bytes = new Uint8Array(block.length + 20).fill(0xff);
  bytes.set(block, 7);
  const fields: [string, string, boolean][] = [];
  const problem = decoder.decode(bytes, 7, 7 + block.length, {
    take: (field, isSensitive) => {
      fields.push([field.name.text, field.value, isSensitive]);
    },
  });
  return { fields, problem };
}
