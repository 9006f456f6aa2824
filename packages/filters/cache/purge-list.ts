import type { StoredHead } from "./stored-head.ts";

/** What is not to be answered any more: all that was asked for by `atMs` (wall clock) and that it names. */
export interface Purge {
  readonly atMs: number;
  readonly by: "url" | "prefix" | "tag" | "all";
  /** Of scheme, authority, path and query; a tag; "" for all. */
  readonly value: string;
}

/**
 * The purges in force. Nothing is searched for: what is stored is looked at when it is next asked for, in memory and on
 * disk alike, so a purge costs the same however much there is.
 */
export class PurgeList {
  private purges: readonly Purge[] = [];
  private newestMs = -1;
  private version = -1;

  /** As the data unit has it; anything else means that all that was stored so far goes. */
  follow(version: number, value: unknown, nowMs: number): void {
    if (version === this.version) return;
    this.version = version;
    if (value === undefined) return;
    this.purges = isPurges(value) ? value : [{ atMs: nowMs, by: "all", value: "" }];
    this.newestMs = this.purges.reduce((newest, { atMs }) => Math.max(newest, atMs), -1);
  }

  covers(stored: StoredHead): boolean {
    const { askedMs } = stored;
    if (askedMs > this.newestMs) return false;
    return this.purges.some((purge) => askedMs <= purge.atMs && names(purge, stored));
  }
}

function names({ by, value }: Purge, { uri, tags }: StoredHead): boolean {
  switch (by) {
    case "url":
      return uri === value;
    case "prefix":
      return uri.startsWith(value);
    case "tag":
      return tags.includes(value);
    case "all":
      return true;
  }
}

function isPurges(value: unknown): value is readonly Purge[] {
  return Array.isArray(value) && value.every(isPurge);
}

function isPurge(one: unknown): one is Purge {
  if (typeof one !== "object" || one === null) return false;
  const { atMs, by, value } = one as Partial<Purge>;
  const isKnown = by === "url" || by === "prefix" || by === "tag" || by === "all";
  return typeof atMs === "number" && isKnown && typeof value === "string";
}
