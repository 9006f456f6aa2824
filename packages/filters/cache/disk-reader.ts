import type { Stats } from "node:fs";
import { open, rm, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { DiskBody } from "./disk-body.ts";
import { readIndex, SLICE_BYTES } from "./disk-file.ts";
import type { DiskIndex, DiskText } from "./disk-file.ts";
import { openFiles } from "./open-files.ts";

/** What a file has. A body of one slice is in memory; a longer one stays where it is, and is the caller's to release. */
export interface DiskFound {
  readonly text: DiskText;
  readonly body: Uint8Array | DiskBody;
}

interface Kept {
  readonly text: DiskText;
  readonly body: DiskBody;
  readonly facts: Stats;
}

/** Opens files of a disk store: one that is open, and still the one of its name, is not opened again. */
export class DiskReader {
  /** By path. */
  private readonly kept = new Map<string, Kept>();
  private readonly opening = new Map<string, Promise<DiskFound | null>>();

  /** Null: there is none, or it cannot be read. Never rejects. */
  async read(file: string): Promise<DiskFound | null> {
    const kept = this.kept.get(file);
    if (kept !== undefined) {
      const facts = await stat(file).catch(() => null);
      if (facts === null) return null;
      if (isSame(facts, kept.facts) && kept.body.isOpen) return { text: kept.text, body: kept.body.hold() };
    }
    const found = await this.share(file);
    if (found === null || found.body instanceof Uint8Array) return found;
    return { text: found.text, body: found.body.hold() };
  }

  /** Those who ask for a file while it is being opened get it together. */
  private share(file: string): Promise<DiskFound | null> {
    let opening = this.opening.get(file);
    if (opening === undefined) {
      opening = openFiles.look(() => this.open(file)).catch(() => null);
      this.opening.set(file, opening);
    }
    return opening;
  }

  private async open(file: string): Promise<DiskFound | null> {
    let handle: FileHandle | null = null;
    let isHeld = false;
    try {
      handle = await open(file, "r");
      const facts = await handle.stat();
      const index = await readIndex(handle, facts.size).catch(() => null);
      if (index === null) return await this.dropBroken(file, facts);
      if (index.bodyLength <= SLICE_BYTES) return await readSmall(file, handle, index);
      isHeld = openFiles.enter();
      return isHeld ? this.keep(file, handle, facts, index) : null;
    } finally {
      this.opening.delete(file);
      if (!isHeld) await handle?.close();
    }
  }

  private keep(file: string, handle: FileHandle, facts: Stats, index: DiskIndex): DiskFound {
    const { text } = index;
    const onClosed = (): void => {
      openFiles.leave();
      if (this.kept.get(file)?.body === body) this.kept.delete(file);
    };
    const body = new DiskBody(handle, index, onClosed, () => this.dropBroken(file, facts));
    this.kept.set(file, { text, body, facts });
    // By then all who waited for it have it.
    setImmediate(() => body.release());
    return { text, body };
  }

  /** Not what has taken its place meanwhile. */
  private async dropBroken(file: string, facts: Stats): Promise<null> {
    this.kept.delete(file);
    const now = await stat(file).catch(() => null);
    if (now?.ino === facts.ino) await rm(file, { force: true }).catch(() => {});
    return null;
  }
}

const isSame = (one: Stats, other: Stats): boolean =>
  one.ino === other.ino && one.size === other.size && one.mtimeMs === other.mtimeMs;

async function readSmall(file: string, handle: FileHandle, index: DiskIndex): Promise<DiskFound | null> {
  const { text } = index;
  if (index.bodyLength === 0) return { text, body: new Uint8Array(0) };
  const body = new DiskBody(handle, index, noop, () => rm(file, { force: true }));
  const bytes = await body.readWhole().catch(() => null);
  return bytes === null ? null : { text, body: bytes };
}

const noop = (): void => {};
