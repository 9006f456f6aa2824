export interface DenialConfig {
  /** For `heddle explain`; clients are not told. */
  readonly reason: string;
}
