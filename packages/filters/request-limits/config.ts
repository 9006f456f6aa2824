/** What requests may carry. */
export interface RequestLimitsConfig {
  /** Octets of a body; -1 for no bound. */
  readonly maxBodyBytes: number;
  /** Media types that bodies may have; empty for any. */
  readonly contentTypes: readonly MediaRange[];
}

/** A media type ("application/json"), a suffix ("application/*+json") or all of one type ("text/*"). Lower-case. */
export interface MediaRange {
  readonly type: string;
  /** "" for all. */
  readonly subtype: string;
  /** Of a structured syntax ("json"), in place of the subtype; "" for none. */
  readonly suffix: string;
}
