import type { Lifetime } from "./freshness.ts";

/** A response as it is kept, all but its body. */
export interface StoredHead extends Lifetime {
  readonly key: string;
  /** For purges: scheme, authority, path and query. */
  readonly uri: string;
  /** The request headers that it varies by, and their values in the request that it answered. */
  readonly varyNames: readonly string[];
  readonly variant: string;
  readonly status: number;
  /** Lower-case names. */
  readonly pairs: readonly (readonly [string, string])[];
  readonly tags: readonly string[];
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
  /** Its Date. Wall-clock milliseconds, as the others: they outlive the process. */
  readonly dateMs: number;
  /** When it was asked for, when its head arrived, and how old it was then. */
  readonly askedMs: number;
  readonly arrivedMs: number;
  readonly ageOnArrivalMs: number;
}
