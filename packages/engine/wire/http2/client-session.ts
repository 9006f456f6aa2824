import type { RequestHead } from "../../message/index.ts";
import type { ResponseStreamEvents } from "./stream-events.ts";
import { Http2Session } from "./session.ts";
import type { Http2Stream } from "./stream.ts";

/** The client's end of a connection: requests out, responses in. Server push is refused. */
export class Http2ClientSession extends Http2Session {
  /**
   * Begins a request: its head is written, and `events` gets the response. Null when `canOpen` is false. `isLast`: no
   * body follows. A head with `upgrade` goes out as an extended CONNECT (see `canConnectExtended`), and is never last.
   */
  open(_head: RequestHead, _isLast: boolean, _events: ResponseStreamEvents): Http2Stream | null {
    throw new Error("not built");
  }

  /** Another stream may be opened now. */
  get canOpen(): boolean {
    return this.openable > 0;
  }

  /** How many streams may be opened now: by the peer's limit, 0 after GOAWAY or `drain`, and near the last id. */
  get openable(): number {
    return 0;
  }

  /** The peer takes extended CONNECT (RFC 8441 section 3). */
  get canConnectExtended(): boolean {
    return false;
  }
}
