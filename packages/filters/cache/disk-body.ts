import type { FileHandle } from "node:fs/promises";
import type { BodySource } from "@heddle/engine/filter";
import { digestAt, digestOf, readInto, SLICE_BYTES } from "./disk-file.ts";
import type { DiskIndex } from "./disk-file.ts";

/**
 * A stored body that stays on disk, in a file that is open for as long as somebody has it: removed, or replaced by a
 * newer one, it can be read to its end. Each slice is held against its digest before anybody gets it.
 */
export class DiskBody {
  readonly length: number;
  private readonly handle: FileHandle;
  private readonly index: DiskIndex;
  /** Told once, when nobody has it any more: it is closed then. */
  private readonly onClosed: () => void;
  /** Told when it is not as it was written: the file goes. */
  private readonly onBroken: () => Promise<unknown>;
  private holders = 1;

  /** Whoever makes it is its first holder. */
  constructor(handle: FileHandle, index: DiskIndex, onClosed: () => void, onBroken: () => Promise<unknown>) {
    this.length = index.bodyLength;
    this.handle = handle;
    this.index = index;
    this.onClosed = onClosed;
    this.onBroken = onBroken;
  }

  get isOpen(): boolean {
    return this.holders > 0;
  }

  hold(): this {
    this.holders++;
    return this;
  }

  /** Reads under way are waited for before it is closed. */
  release(): void {
    if (--this.holders > 0) return;
    this.handle.close().then(this.onClosed, this.onClosed);
  }

  /** The slice, in `into`, which has room for one. Rejects where the file has it not as it was written. */
  async readSlice(slice: number, into: Uint8Array): Promise<Uint8Array> {
    const from = slice * SLICE_BYTES;
    const bytes = into.subarray(0, Math.min(SLICE_BYTES, this.length - from));
    try {
      if (!(await readInto(this.handle, bytes, from))) throw new Error("it is cut short");
      if (!(await digestOf(bytes)).equals(digestAt(this.index, slice)))
        throw new Error("it is not as it was written");
      return bytes;
    } catch (error) {
      await this.onBroken();
      throw new Error(`stored body at octet ${from}: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Whether the slice of that octet can be sent. */
  async isReadable(octet: number): Promise<boolean> {
    const slice = Math.floor(Math.min(octet, this.length - 1) / SLICE_BYTES);
    return this.readSlice(slice, Buffer.allocUnsafe(SLICE_BYTES)).then(
      () => true,
      () => false,
    );
  }

  /** All of it. */
  async readWhole(): Promise<Uint8Array> {
    const whole = Buffer.allocUnsafeSlow(this.length);
    for (let from = 0; from < this.length; from += SLICE_BYTES)
      await this.readSlice(from / SLICE_BYTES, whole.subarray(from, from + SLICE_BYTES));
    return whole;
  }

  /** Octets `first` to `last`, both included, for one exchange. */
  source(first: number = 0, last: number = this.length - 1): BodySource {
    return new DiskSource(this, first, last + 1);
  }
}

class DiskSource implements BodySource {
  readonly length: number;
  private readonly body: DiskBody;
  private readonly to: number;
  private at: number;
  /** One for all slices: what was read goes on before more is. */
  private buffer: Buffer | null = null;

  constructor(body: DiskBody, from: number, to: number) {
    this.body = body;
    this.at = from;
    this.to = to;
    this.length = to - from;
  }

  async read(): Promise<Uint8Array> {
    this.buffer ??= Buffer.allocUnsafeSlow(Math.min(SLICE_BYTES, this.body.length));
    const slice = Math.floor(this.at / SLICE_BYTES);
    const bytes = await this.body.readSlice(slice, this.buffer);
    const begin = slice * SLICE_BYTES;
    const wanted = bytes.subarray(this.at - begin, this.to - begin);
    this.at += wanted.length;
    return wanted;
  }
}
