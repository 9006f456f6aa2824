import type { DataRef } from "@heddle/engine/filter";
import type { Clock } from "@heddle/engine/base";
import type { MeterConfig, StoreConfig } from "./config.ts";

/** One limit of one exchange, as a store counts it. */
export interface StoreQuestion {
  /** The limit and the key: the same text is the same count, for every process that asks. */
  readonly key: string;
  readonly meter: Exclude<MeterConfig, { kind: "concurrency" }>;
  /** 0: only look whether something is left. */
  readonly cost: number;
  /** It is charged by itself, and refuses nothing. */
  readonly isShadow: boolean;
}

/** As what a Use tells. */
export interface StoreAnswer {
  readonly fits: boolean;
  readonly remaining: number;
  readonly resetMs: number;
  readonly retryMs: number;
}

/** Counts that several processes share. */
export interface LimitStore {
  /**
   * Charges the limits of one exchange, all or none but for the shadows; an answer for each. Null: the store is away, or
   * takes longer than its time. Never rejects. While it is known to be away the answer comes at once.
   */
  take(questions: readonly StoreQuestion[]): Promise<readonly StoreAnswer[] | null>;
  /** Charges what has been used, whether it fits or not. Nothing is said of it. */
  settle(question: StoreQuestion): void;
}

/**
 * The store at a place; one for all filters of a worker that name it. `credentials` are null where it takes none, and
 * may become others at any time.
 */
export type OpenLimitStore = (config: StoreConfig, credentials: DataRef | null, clock: Clock) => LimitStore;
