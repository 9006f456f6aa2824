/** RequestMirror of the Gateway API: `numerator` of every `denominator` requests are copied to `cluster`. */
export interface MirrorConfig {
  readonly cluster: string;
  /** 0 ≤ numerator ≤ denominator. */
  readonly numerator: number;
  readonly denominator: number;
}
