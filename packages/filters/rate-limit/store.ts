import type { MeterConfig } from "./config.ts";

/** One limit of one exchange, as a store counts it. */
export interface StoreQuestion {
  /** The limit's scope and the key: the same text is the same count, for every process that asks. */
  readonly key: string;
  readonly meter: Exclude<MeterConfig, { kind: "concurrency" }>;
  /** 0: only look whether something is left. */
  readonly cost: number;
  /** It is charged by itself, and refuses nothing. */
  readonly isShadow: boolean;
}

export interface StoreAnswer {
  readonly fits: boolean;
  readonly remaining: number;
  readonly resetMs: number;
  /** 0 when it fits. */
  readonly retryMs: number;
}

/**
 * Counts that several processes share. One per worker and place; every filter that names the place has the same.
 */
export interface LimitStore {
  /**
   * Charges the limits of one exchange, all or none but for the shadows; an answer for each. Null: the store is away, or
   * takes longer than its time. Never rejects. While it is known to be away the answer comes at once.
   */
  take(questions: readonly StoreQuestion[]): Promise<readonly StoreAnswer[] | null>;
  /** Charges what has been used, whether it fits or not. Nothing is said of it. */
  settle(question: StoreQuestion): void;
}
