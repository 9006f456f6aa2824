import { readFile, rename, writeFile } from "node:fs/promises";
import type { Log } from "@heddle/engine/runtime";
import type { Purge } from "@heddle/filters";
import { CACHE_PURGES, hashUnit, type HashedUnit } from "../../compile/index.ts";

export type PurgeRequest = Pick<Purge, "by" | "value">;

/** More are not kept one by one: all that was stored before the first of them is purged. */
const MAX_PURGES = 1_000;
const MAX_VALUE_LENGTH = 8_192;
const kinds: readonly unknown[] = ["url", "prefix", "tag", "all"];

/**
 * What was purged from caches: a data unit that workers follow, and a file of the state folder, since what caches keep on
 * disk outlives the process.
 */
export class CachePurges {
  private readonly file: string;
  private readonly log: Log;
  private purges: readonly Purge[] = [];
  /** What the data plane has. */
  private inForce: readonly Purge[] = [];
  private writing: Promise<void> = Promise.resolve();

  constructor(file: string, log: Log) {
    this.file = file;
    this.log = log;
  }

  /** What was purged before. What cannot be read means that all was. */
  async open(nowMs: number): Promise<void> {
    try {
      const read: unknown = JSON.parse(await readFile(this.file, "utf8"));
      this.purges = Array.isArray(read) && read.every(isPurge) ? read : [everything(nowMs)];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
      this.log("warn", "what was purged from caches cannot be read, so they begin anew", { file: this.file });
      this.purges = [everything(nowMs)];
    }
  }

  /** None where nothing was ever purged. */
  get units(): readonly HashedUnit[] {
    if (this.purges.length === 0) return [];
    return [hashUnit({ kind: "data", name: CACHE_PURGES, value: this.purges })];
  }

  /** Of requests, responses to which were asked for until now. It is kept when this resolves, and not yet in force. */
  async add({ by, value }: PurgeRequest, nowMs: number): Promise<Purge> {
    const purge: Purge = { atMs: nowMs, by, value };
    const others = this.purges.filter((one) => one.by !== by || one.value !== value);
    const all = by === "all" ? [purge] : [...others, purge];
    this.purges = all.length > MAX_PURGES ? fold(all) : all;
    this.writing = this.writing.then(() => this.write());
    await this.writing;
    return purge;
  }

  /** The data plane has these units now. */
  applied(units: readonly HashedUnit[]): void {
    const unit = units[0]?.unit;
    if (unit?.kind === "data") this.inForce = unit.value as readonly Purge[];
  }

  isInForce(purge: Purge): boolean {
    return this.inForce.some(
      ({ by, value, atMs }) =>
        atMs >= purge.atMs && (by === "all" || (by === purge.by && value === purge.value)),
    );
  }

  private async write(): Promise<void> {
    try {
      const temporary = `${this.file}.tmp`;
      await writeFile(temporary, `${JSON.stringify(this.purges)}\n`, { mode: 0o600 });
      await rename(temporary, this.file);
    } catch (error) {
      this.log(
        "warn",
        "what was purged from caches cannot be kept: a restart would answer it from disk again",
        {
          cause: (error as Error).message,
        },
      );
    }
  }
}

const everything = (atMs: number): Purge => ({ atMs, by: "all", value: "" });

/** The older half as one. */
function fold(purges: readonly Purge[]): readonly Purge[] {
  const half = purges.length >> 1;
  return [everything(purges[half - 1]!.atMs), ...purges.slice(half)];
}

function isPurge(value: unknown): value is Purge {
  return isPurgeRequest(value) && Number.isFinite((value as Partial<Purge>).atMs);
}

export function isPurgeRequest(value: unknown): value is PurgeRequest {
  if (typeof value !== "object" || value === null) return false;
  const { by, value: text } = value as Partial<Purge>;
  return kinds.includes(by) && typeof text === "string" && text.length <= MAX_VALUE_LENGTH;
}
