import { readdir, rm, stat } from "node:fs/promises";
import path from "node:path";

/** A temporary file of so long ago is nobody's any more. */
const ORPHAN_MS = 600_000;
/** What is left when there was too much. */
const FILL = 0.9;

interface Found {
  readonly file: string;
  readonly size: number;
  readonly modifiedMs: number;
}

/** Holds a folder to its bound: the oldest go first. Looked at when a thirty-second part of the bound was written. */
export class DiskRoom {
  private readonly folder: string;
  private readonly maxBytes: number;
  private sinceLook: number;
  private looking: Promise<void> | null = null;

  constructor(folder: string, maxBytes: number) {
    this.folder = folder;
    this.maxBytes = maxBytes;
    // The first thing that is written has the folder looked through: what was there before counts.
    this.sinceLook = Infinity;
  }

  wrote(bytes: number): void {
    this.sinceLook += bytes;
    if (this.sinceLook > this.maxBytes / 32) this.look();
  }

  /** Resolves when the folder has been looked through, where that is under way. */
  async settled(): Promise<void> {
    await this.looking;
  }

  private look(): void {
    if (this.looking !== null) return;
    this.sinceLook = 0;
    this.looking = this.makeRoom()
      .catch(() => {})
      .finally(() => (this.looking = null));
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
}
