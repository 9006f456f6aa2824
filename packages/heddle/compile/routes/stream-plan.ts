/** What policies say of the connections or datagrams of a stream route. */
export interface StreamPlan {
  /** Without an octet either way for so long they end. Default: as the listener has it. */
  readonly idleMs?: number;
}
