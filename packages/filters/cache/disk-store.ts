import { createHash, randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import path from "node:path";
import type { Fields } from "@heddle/engine/message";
import type { DiskBody } from "./disk-body.ts";
import { SLICE_BYTES } from "./disk-file.ts";
import type { DiskText } from "./disk-file.ts";
import { DiskReader } from "./disk-reader.ts";
import type { DiskFound } from "./disk-reader.ts";
import { DiskRoom } from "./disk-room.ts";
import { DiskSpool, MAX_WAITING_BYTES } from "./disk-spool.ts";
import type { WaitingBytes } from "./disk-spool.ts";
import { DiskWriter } from "./disk-writer.ts";
import { openFiles } from "./open-files.ts";
import type { StoredHead } from "./stored-head.ts";
import { releaseBody } from "./stored-response.ts";
import type { StoredResponse } from "./stored-response.ts";
import { variantOf } from "./vary.ts";

/**
 * Responses in files that all workers share, named by the hash of their key, written under another name and renamed, and
 * looked at octet by octet as they are read: whatever another process, or a disk, did to one, none of that is sent. It
 * is bounded by the oldest going first. Longer bodies than a slice are read as they are sent.
 */
export class DiskStore implements WaitingBytes {
  private readonly folder: string;
  private readonly room: DiskRoom;
  private readonly reader = new DiskReader();
  /** Names of files that are written anew from themselves. */
  private readonly copying = new Set<string>();
  waitingBytes = 0;

  constructor(folder: string, maxBytes: number) {
    this.folder = folder;
    this.room = new DiskRoom(folder, maxBytes);
  }

  /** Never rejects: what cannot be read is not there. A body that stays on disk is the caller's to release. */
  async find(key: string, request: Fields): Promise<StoredResponse | null> {
    const first = await this.read(nameOf(key));
    if (first === null) return null;
    if (first.text.kind === "response") return asStored(first, key, null);
    releaseBody(first.body);
    const { text } = first;
    if (text.key !== key) return null;
    const variant = variantOf(text.names, request);
    const second = await this.read(nameOf(key, variant, text.generation));
    return second === null ? null : asStored(second, key, variant);
  }

  /** `isWanted` is asked last, before it shows. Resolves to whether it is kept; never rejects. */
  async put(stored: StoredResponse, isWanted: () => boolean): Promise<boolean> {
    const { body } = stored;
    return body instanceof Uint8Array
      ? this.putWhole(stored, body, isWanted)
      : this.putCopy(stored, body, isWanted);
  }

  /** For a body that comes in pieces, and is too long to wait for in memory. Null: too many are under way. */
  openSpool(): DiskSpool | null {
    return openFiles.enter() ? new DiskSpool(this.temporaries, this, openFiles.leave) : null;
  }

  /** All of its body is in `spool`. As `put`. */
  endSpool(spool: DiskSpool, head: StoredHead, isWanted: () => boolean): Promise<boolean> {
    return spool.end((writer) => this.finish(writer, head, isWanted));
  }

  /** All responses of a key: without what says which there are the others are not found, and go in time. */
  async remove(key: string): Promise<void> {
    await rm(this.pathOf(nameOf(key)), { force: true }).catch(() => {});
  }

  /** Resolves when the folder has been looked through, where that is under way. */
  settled(): Promise<void> {
    return this.room.settled();
  }

  private async putWhole(
    stored: StoredResponse,
    body: Uint8Array,
    isWanted: () => boolean,
  ): Promise<boolean> {
    const size = body.length;
    if (this.waitingBytes + size > MAX_WAITING_BYTES) return false;
    this.waitingBytes += size;
    const isKept = await this.write(stored, (writer) => writer.writeAll(body), isWanted);
    this.waitingBytes -= size;
    return isKept;
  }

  /** The body is on disk already, under a head that is not true any more. */
  private async putCopy(stored: StoredResponse, body: DiskBody, isWanted: () => boolean): Promise<boolean> {
    const id = nameOf(stored.key, stored.variant);
    if (this.copying.has(id) || !openFiles.enter()) return false;
    this.copying.add(id);
    body.hold();
    const isKept = await this.write(stored, (writer) => copyBody(body, writer), isWanted);
    body.release();
    this.copying.delete(id);
    openFiles.leave();
    return isKept;
  }

  private async write(
    head: StoredHead,
    writeBody: (writer: DiskWriter) => Promise<void>,
    isWanted: () => boolean,
  ): Promise<boolean> {
    let writer: DiskWriter | null = null;
    try {
      writer = await DiskWriter.open(this.temporaries);
      await writeBody(writer);
      await this.finish(writer, head, isWanted);
      return true;
    } catch {
      await writer?.abandon();
      return false;
    }
  }

  private async finish(writer: DiskWriter, head: StoredHead, isWanted: () => boolean): Promise<void> {
    const name = await this.nameFor(head, isWanted);
    const text: DiskText = { kind: "response", response: { ...head, body: undefined } as StoredHead };
    this.room.wrote(await writer.finish(text, this.pathOf(name), isWanted));
  }

  private async nameFor({ key, varyNames, variant }: StoredHead, isWanted: () => boolean): Promise<string> {
    if (varyNames.length === 0) return nameOf(key);
    const name = nameOf(key);
    const known = await this.read(name);
    if (known !== null) releaseBody(known.body);
    const text = known?.text;
    if (text?.kind === "variants" && text.key === key && text.names.join() === varyNames.join())
      return nameOf(key, variant, text.generation);
    const generation = randomUUID();
    await this.writeVariants({ kind: "variants", key, names: varyNames, generation }, name, isWanted);
    return nameOf(key, variant, generation);
  }

  private async writeVariants(text: DiskText, name: string, isWanted: () => boolean): Promise<void> {
    const writer = await DiskWriter.open(this.temporaries);
    try {
      this.room.wrote(await writer.finish(text, this.pathOf(name), isWanted));
    } catch (error) {
      await writer.abandon();
      throw error;
    }
  }

  private read(name: string): Promise<DiskFound | null> {
    return this.reader.read(this.pathOf(name));
  }

  private pathOf(name: string): string {
    return path.join(this.folder, name.slice(0, 2), name);
  }

  private get temporaries(): string {
    return path.join(this.folder, "new");
  }
}

/** Null, and released: it is another's. */
function asStored({ text, body }: DiskFound, key: string, variant: string | null): StoredResponse | null {
  const isIt =
    text.kind === "response" &&
    text.response.key === key &&
    (variant === null || text.response.variant === variant);
  if (isIt) return { ...text.response, body };
  releaseBody(body);
  return null;
}

async function copyBody(body: DiskBody, writer: DiskWriter): Promise<void> {
  const buffer = Buffer.allocUnsafeSlow(SLICE_BYTES);
  for (let slice = 0; slice * SLICE_BYTES < body.length; slice++)
    await writer.write(await body.readSlice(slice, buffer));
}

function nameOf(...parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
