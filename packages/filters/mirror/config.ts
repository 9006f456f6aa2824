/** RequestMirror of the Gateway API: `numerator` of every `denominator` requests are copied to `cluster`. */
export interface MirrorConfig {
  readonly cluster: string;
  /** 0 ≤ numerator ≤ denominator. */
  readonly numerator: number;
  readonly denominator: number;
  /** Copies under way at a time, per worker. Default: DEFAULT_MAX_CONCURRENT. */
  readonly maxConcurrent?: number;
  /** Octets that wait for all copies, per worker. Default: DEFAULT_MAX_BUFFERED_BYTES. */
  readonly maxBufferedBytes?: number;
}
