import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Fields } from "@heddle/engine/message";
import { decodeDiskFile, encodeDiskFile } from "./disk-file.ts";
import type { DiskFile } from "./disk-file.ts";
import type { StoredResponse } from "./stored-response.ts";
import { variantOf } from "./vary.ts";

/** Octets that may wait to be written: what comes faster than the disk is not kept there. */
const MAX_WAITING_BYTES = 33_554_432;
/** A temporary file of so long ago is nobody's any more. */
const ORPHAN_MS = 600_000;
/** What is left when there was too much. */
const FILL = 0.9;

interface Found {
  readonly file: string;
  readonly size: number;
  readonly modifiedMs: number;
}

/**
 * Responses in files that all workers share, named by the hash of their key, written whole and renamed, and looked at
 * octet by octet when they are read: whatever another process, or a disk, did to one, it is none then. It is bounded by
 * the oldest going first; each worker looks through the folder when it has written a thirty-second part of the bound.
 */
export class DiskStore {
  private readonly folder: string;
  private readonly maxBytes: number;
  private waitingBytes = 0;
  private sinceLook: number;
  private looking: Promise<void> | null = null;

  constructor(folder: string, maxBytes: number) {
    this.folder = folder;
    this.maxBytes = maxBytes;
    // The first thing that is written has the folder looked through: what was there before counts.
    this.sinceLook = Infinity;
  }

  /** Never rejects: what cannot be read is not there. */
  async find(key: string, request: Fields): Promise<StoredResponse | null> {
    const first = await this.read(nameOf(key));
    if (first === null) return null;
    if (first.kind === "response") return first.response.key === key ? first.response : null;
    if (first.key !== key) return null;
    const variant = variantOf(first.names, request);
    const second = await this.read(nameOf(key, variant, first.generation));
    if (second?.kind !== "response") return null;
    const { response } = second;
    return response.key === key && response.variant === variant ? response : null;
  }

  /** `isWanted` is asked last, before it shows. Resolves to whether it is kept; never rejects. */
  async put(stored: StoredResponse, isWanted: () => boolean): Promise<boolean> {
    const size = stored.body.length;
    if (this.waitingBytes + size > MAX_WAITING_BYTES) return false;
    this.waitingBytes += size;
    try {
      const name = await this.nameFor(stored, isWanted);
      await this.write(name, { kind: "response", response: stored }, isWanted);
      return true;
    } catch {
      return false;
    } finally {
      this.waitingBytes -= size;
    }
  }

  /** All responses of a key: without what says which there are the others are not found, and go in time. */
  async remove(key: string): Promise<void> {
    await rm(this.pathOf(nameOf(key)), { force: true }).catch(() => {});
  }

  private async nameFor(stored: StoredResponse, isWanted: () => boolean): Promise<string> {
    const { key, varyNames, variant } = stored;
    if (varyNames.length === 0) return nameOf(key);
    const known = await this.read(nameOf(key));
    const isSame = known?.kind === "variants" && known.key === key && known.names.join() === varyNames.join();
    const generation = isSame ? known.generation : randomUUID();
    if (!isSame)
      await this.write(nameOf(key), { kind: "variants", key, names: varyNames, generation }, isWanted);
    return nameOf(key, variant, generation);
  }

  private async read(name: string): Promise<DiskFile | null> {
    const file = this.pathOf(name);
    try {
      const found = await decodeDiskFile(await readFile(file));
      if (found === null) await rm(file, { force: true });
      return found;
    } catch {
      return null;
    }
  }

  private async write(name: string, file: DiskFile, isWanted: () => boolean): Promise<void> {
    const bytes = await encodeDiskFile(file);
    const place = this.pathOf(name);
    const temporary = `${place}.${randomUUID()}.tmp`;
    await mkdir(path.dirname(place), { recursive: true, mode: 0o700 });
    try {
      await writeFile(temporary, bytes, { mode: 0o600, flag: "wx" });
      if (!isWanted()) throw new Error("it is not wanted any more");
      await rename(temporary, place);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    this.sinceLook += bytes.length;
    if (this.sinceLook > this.maxBytes / 32) this.look();
  }

  private look(): void {
    if (this.looking !== null) return;
    this.sinceLook = 0;
    this.looking = this.makeRoom()
      .catch(() => {})
      .finally(() => (this.looking = null));
  }

  /** Resolves when the folder has been looked through, where that is under way. */
  async settled(): Promise<void> {
    await this.looking;
  }

  private async makeRoom(): Promise<void> {
    const all = await this.list();
    let bytes = all.reduce((sum, { size }) => sum + size, 0);
    if (bytes <= this.maxBytes) return;
    all.sort((a, b) => a.modifiedMs - b.modifiedMs);
    for (const { file, size } of all) {
      if (bytes <= this.maxBytes * FILL) return;
      await rm(file, { force: true });
      bytes -= size;
    }
  }

  private async list(): Promise<Found[]> {
    const found: Found[] = [];
    for (const part of await readdir(this.folder)) {
      const folder = path.join(this.folder, part);
      for (const name of await readdir(folder).catch(() => [])) {
        const file = path.join(folder, name);
        const facts = await stat(file).catch(() => null);
        if (facts === null || !facts.isFile()) continue;
        if (name.endsWith(".tmp") && Date.now() - facts.mtimeMs > ORPHAN_MS) await rm(file, { force: true });
        else found.push({ file, size: facts.size, modifiedMs: facts.mtimeMs });
      }
    }
    return found;
  }

  private pathOf(name: string): string {
    return path.join(this.folder, name.slice(0, 2), name);
  }
}

function nameOf(...parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
