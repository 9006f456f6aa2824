import { open } from "node:fs/promises";
import type { Log } from "@heddle/engine/runtime";
import type { SavedKeySet } from "../../key-sets/index.ts";
import { KeptFile } from "./kept-file.ts";

/** The file of the state folder with the last key sets, so that a restart lets nobody down while issuers are away. */
export class KeySetFile {
  private readonly file: KeptFile;
  private readonly log: Log;

  /** `isSecond`: another process keeps the file until `takeOver`. */
  constructor(file: string, log: Log, isSecond: boolean) {
    const onFailed = (cause: string): void =>
      log("warn", "key sets cannot be kept: after a restart their issuers must answer", { cause });
    this.file = new KeptFile(file, onFailed, isSecond);
    this.log = log;
  }

  /** The process before writes no more. */
  takeOver(): void {
    this.file.takeOver();
  }

  /**
   * Nothing where there is none, or none that can be understood, which the log tells. Whoever writes it says which keys
   * are trusted, so one that others may write is not read.
   */
  async read(): Promise<ReadonlyMap<string, SavedKeySet>> {
    const { file: path } = this.file;
    try {
      await using file = await open(path);
      const { mode, uid } = await file.stat();
      const isOwn = process.getuid === undefined || uid === process.getuid();
      if (!isOwn || (mode & 0o022) !== 0) throw new Error("others may write it; remove it");
      const sets: unknown = JSON.parse(await file.readFile("utf8"));
      return new Map(Object.entries(sets ?? {}).filter((one): one is [string, SavedKeySet] => isSet(one[1])));
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== "ENOENT")
        this.log("warn", "the key sets of the process before are not used", { file: path, cause: message });
      return new Map();
    }
  }

  write(sets: ReadonlyMap<string, SavedKeySet>): void {
    this.file.write(`${JSON.stringify(Object.fromEntries(sets), null, 2)}\n`);
  }
}

const isSet = (set: Partial<SavedKeySet> | null): boolean =>
  typeof set?.source === "string" && typeof set.text === "string" && Number.isFinite(set.fetchedMs);
