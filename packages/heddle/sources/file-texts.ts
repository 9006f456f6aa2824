import { isAscii } from "node:buffer";
import { open, type FileHandle } from "node:fs/promises";
import { Pace } from "@heddle/engine/base";
import { AsciiText, type SourceText } from "./source-text.ts";

/** Shorter files are read as strings. */
const largeBytes = 262_144;
/** Read at once: copying that takes a thread of the pool less than 0.1 ms. */
const partBytes = 262_144;
/** A buffer is made so much larger than its file, for what is added to that. */
const slack = 1 / 16;
const byteOrderMark = /^\uFEFF/;

/**
 * Reads files as text: large ones of ASCII into buffers that are used again, so that reading a new version, or finding
 * that there is none, makes nothing that is to be collected.
 */
export class FileTexts {
  readonly #pace: Pace;
  #spare: Buffer | null = null;

  /** `pace`: between two parts of a large file. */
  constructor(pace: Pace = new Pace({ napMs: 0 })) {
    this.#pace = pace;
  }

  /** Rejects as `readFile` does, and for a file of more than `maxBytes`. */
  async read(file: string, maxBytes: number): Promise<SourceText> {
    await using handle = await open(file);
    const { size } = await handle.stat();
    checkSize(size, maxBytes);
    const text = size < largeBytes ? null : await this.#readLarge(handle, size);
    if (text !== null) return text;
    const bytes = await handle.readFile();
    checkSize(bytes.length, maxBytes);
    return decode(bytes);
  }

  /** Nobody needs the text any more. */
  release(text: SourceText): void {
    if (text instanceof AsciiText) this.#keep(Buffer.from(text.release().buffer));
  }

  /** Null where it grows meanwhile; nothing was read of it, then. */
  async #readLarge(handle: FileHandle, size: number): Promise<SourceText | null> {
    const buffer = this.#take(size + 1);
    let length = 0;
    let hasOthers = false;
    for (;;) {
      const { bytesRead } = await handle.read(
        buffer,
        length,
        Math.min(partBytes, buffer.length - length),
        length,
      );
      if (bytesRead === 0) break;
      hasOthers ||= !isAscii(buffer.subarray(length, length + bytesRead));
      length += bytesRead;
      await this.#pace.rest();
    }
    const bytes = buffer.subarray(0, length);
    const isWhole = length < buffer.length;
    if (isWhole && !hasOthers) return new AsciiText(bytes);
    const text = isWhole ? decode(bytes) : null;
    this.#keep(buffer);
    return text;
  }

  #take(bytes: number): Buffer {
    const spare = this.#spare;
    this.#spare = null;
    // One that is much larger would be kept whole for as long as the text.
    if (spare !== null && spare.length >= bytes && spare.length <= 2 * bytes) return spare;
    return Buffer.allocUnsafeSlow(Math.ceil(bytes * (1 + slack)));
  }

  /** The larger one stays. */
  #keep(buffer: Buffer): void {
    if (buffer.length > (this.#spare?.length ?? 0)) this.#spare = buffer;
  }
}

const decode = (bytes: Buffer): string => bytes.toString("utf8").replace(byteOrderMark, "");

function checkSize(bytes: number, maxBytes: number): void {
  if (bytes > maxBytes) throw new FileTooLarge(`file has ${bytes} bytes, limit ${maxBytes}; split it`);
}

export class FileTooLarge extends Error {}
