import type { Coding } from "../content-coding/index.ts";

/** Which responses are compressed, and how. */
export interface CompressionConfig {
  /** Of those that a client likes best alike, the first is taken. */
  readonly codings: readonly Coding[];
  /** Lower-case media types; "text/*" is all of a kind, "+json" all with a suffix. */
  readonly types: readonly string[];
  /** Of a body of known length; shorter ones are left as they are. */
  readonly minBytes: number;
  /** Requests go on without Accept-Encoding: backends leave it to us, and a cache keeps one response for all. */
  readonly takesOver: boolean;
}
