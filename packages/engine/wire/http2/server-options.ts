import type { Scheme } from "../../message/index.ts";

/** What a server's session must know of its listener. */
export interface ServerSessionOptions {
  /** The connection's own scheme: what a request's head says, whichever of http and https it named. */
  readonly scheme: Scheme;
  readonly escapedSlashes: "refuse" | "keep";
  /** Protocols that an extended CONNECT may name, lower-case (RFC 8441); none: it is not offered. */
  readonly upgrades: readonly string[];
}
