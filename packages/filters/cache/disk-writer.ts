import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import path from "node:path";
import { digestOf, encodeIndex, SLICE_BYTES } from "./disk-file.ts";
import type { DiskText } from "./disk-file.ts";

/** Writes one file, slice by slice, under another name until it is whole. */
export class DiskWriter {
  private readonly temporary: string;
  private readonly handle: FileHandle;
  private readonly digests: Buffer[] = [];
  private bodyLength = 0;

  private constructor(temporary: string, handle: FileHandle) {
    this.temporary = temporary;
    this.handle = handle;
  }

  /** In a folder of the place where it is to be. */
  static async open(folder: string): Promise<DiskWriter> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const temporary = path.join(folder, `${randomUUID()}.tmp`);
    return new DiskWriter(temporary, await open(temporary, "wx", 0o600));
  }

  /** Each has `SLICE_BYTES` but the last. */
  async write(slice: Uint8Array): Promise<void> {
    const [digest] = await Promise.all([digestOf(slice), this.handle.writeFile(slice)]);
    this.digests.push(digest);
    this.bodyLength += slice.length;
  }

  /** All slices of a body that is in memory. */
  async writeAll(body: Uint8Array): Promise<void> {
    for (let from = 0; from < body.length; from += SLICE_BYTES)
      await this.write(body.subarray(from, from + SLICE_BYTES));
  }

  /** It is whole, and shows as `place` unless `isWanted`, asked last, says no. Resolves to its size. */
  async finish(text: DiskText, place: string, isWanted: () => boolean): Promise<number> {
    const index = encodeIndex({ text, bodyLength: this.bodyLength, digests: Buffer.concat(this.digests) });
    await this.handle.writeFile(index);
    await this.handle.close();
    await mkdir(path.dirname(place), { recursive: true, mode: 0o700 });
    if (!isWanted()) throw new Error("it is not wanted any more");
    await rename(this.temporary, place);
    return this.bodyLength + index.length;
  }

  /** After whatever failed, or in place of `finish`. Never rejects. */
  async abandon(): Promise<void> {
    await this.handle.close().catch(() => {});
    await rm(this.temporary, { force: true }).catch(() => {});
  }
}
