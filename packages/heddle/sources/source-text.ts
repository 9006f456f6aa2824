/** A text of which parts can be had: a string is one. Places in it are counted as in a string. */
export interface SourceText {
  readonly length: number;
  slice(from: number, to: number): string;
  indexOf(search: string, from: number): number;
  toString(): string;
}

const nothing = Buffer.alloc(0);

/**
 * A text of ASCII alone, kept as the octets of its file. A string of megabytes for each version of a large file would
 * have V8 mark all of the heap with every other change, since such strings count as old at once.
 */
export class AsciiText implements SourceText {
  #bytes: Buffer;

  /** `bytes` are ASCII, and stay as they are until `release`. */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get length(): number {
    return this.#bytes.length;
  }

  slice(from: number, to: number): string {
    return this.#bytes.toString("latin1", from, to);
  }

  indexOf(search: string, from: number): number {
    return this.#bytes.indexOf(search, from, "latin1");
  }

  toString(): string {
    return this.slice(0, this.length);
  }

  /** Whether so many characters are the same as those of another text from a place there. */
  hasAt(from: number, length: number, other: AsciiText, otherFrom: number): boolean {
    return this.#bytes.compare(other.#bytes, otherFrom, otherFrom + length, from, from + length) === 0;
  }

  /** Gives the octets away, to be written over. Whoever still asks for a part of the text gets none. */
  release(): Buffer {
    const bytes = this.#bytes;
    this.#bytes = nothing;
    return bytes;
  }
}

/** Whether so many characters of two texts are the same, each from a place of its own. */
export function isSamePart(
  a: SourceText,
  from: number,
  length: number,
  b: SourceText,
  otherFrom: number,
): boolean {
  if (a instanceof AsciiText && b instanceof AsciiText) return a.hasAt(from, length, b, otherFrom);
  return a.slice(from, from + length) === b.slice(otherFrom, otherFrom + length);
}

const blankStride = 4_096;

/** Whether there is nothing but white space. */
export function isBlank(text: SourceText): boolean {
  for (let at = 0; at < text.length; at += blankStride) {
    if (/\S/.test(text.slice(at, at + blankStride))) return false;
  }
  return true;
}
