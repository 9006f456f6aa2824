import { createHmac, randomBytes } from "node:crypto";

interface Verdict {
  readonly isGood: boolean;
  readonly untilMs: number;
}

/** Of each of two generations: what was not asked for while one filled is forgotten. */
const maxVerdicts = 1024;

/**
 * What became of passwords that were checked, for a while: browsers send theirs with every request. Kept by a keyed
 * digest, so that no password stays in memory; the key is of this object alone.
 */
export class Verdicts {
  private readonly key = randomBytes(32);
  private recent = new Map<string, Verdict>();
  private older = new Map<string, Verdict>();

  digest(name: string, password: string): string {
    // Neither holds a NUL.
    return createHmac("sha256", this.key).update(`${name}\0${password}`).digest("base64url");
  }

  /** Undefined: not known, or too long ago. */
  get(digest: string, nowMs: number): boolean | undefined {
    const verdict = this.recent.get(digest) ?? this.older.get(digest);
    return verdict === undefined || verdict.untilMs <= nowMs ? undefined : verdict.isGood;
  }

  set(digest: string, isGood: boolean, untilMs: number): void {
    if (this.recent.size >= maxVerdicts) {
      this.older = this.recent;
      this.recent = new Map();
    }
    this.recent.set(digest, { isGood, untilMs });
  }

  clear(): void {
    this.recent.clear();
    this.older.clear();
  }
}
