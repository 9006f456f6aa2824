import type { Scheme } from "../../message/index.ts";
import type { Http2Limits } from "./limits.ts";
import type { ServerSessionEvents } from "./session-events.ts";
import { Http2Session } from "./session.ts";
import type { Http2Writer } from "./writer.ts";

/** What a server's session must know of its listener. */
export interface ServerSessionOptions {
  /** The connection's own scheme: what a request's head says, whichever of http and https it named. */
  readonly scheme: Scheme;
  readonly escapedSlashes: "refuse" | "keep";
  /** Protocols that an extended CONNECT may name, lower-case (RFC 8441). */
  readonly upgrades: readonly string[];
}

/** The server's end of a connection: requests in, responses out. */
export class Http2ServerSession extends Http2Session {
  readonly options: ServerSessionOptions;

  constructor(
    writer: Http2Writer,
    limits: Http2Limits,
    options: ServerSessionOptions,
    events: ServerSessionEvents,
  ) {
    super(writer, limits, events);
    this.options = options;
  }
}
