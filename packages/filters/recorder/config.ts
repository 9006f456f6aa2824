export interface RecorderConfig {
  readonly cluster: string;
  readonly authority: string;
  readonly path: string;
  /** 0 to 100 of each hundred requests. */
  readonly percent: number;
  /** Octets that are recorded of each body; 0: none. */
  readonly maxBodyBytes: number;
  /** Octets that wait, per worker and place, those of exchanges under way among them. */
  readonly maxQueueBytes: number;
  readonly maxBatchRecords: number;
  /** How long a record waits for others. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Beside those that are always redacted; in lower case. */
  readonly redactHeaders: readonly string[];
  /** Of the query, beside those that are named like secrets. */
  readonly redactParameters: readonly string[];
}
