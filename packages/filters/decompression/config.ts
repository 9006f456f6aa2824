import type { Coding } from "../content-coding/index.ts";

/** How request bodies are decompressed. */
export interface DecompressionConfig {
  /** Others are refused with 415. */
  readonly codings: readonly Coding[];
  /** Of the decompressed body. */
  readonly maxBytes: number;
  /** Octets out for one octet in, once there are more than 64 KiB out. */
  readonly maxRatio: number;
}
