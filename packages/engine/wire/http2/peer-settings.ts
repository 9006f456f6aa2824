import { H2 } from "./errors.ts";
import type { Http2ErrorCode } from "./errors.ts";
import { INITIAL_WINDOW, MAX_31, SETTING } from "./frames.ts";
import { HEADER_TABLE_BYTES, MAX_FRAME_BYTES, STREAMS_BEFORE_SETTINGS } from "./limits.ts";

/** What the peer has said in SETTINGS, and the values before it said anything (RFC 9113 section 6.5.2). */
export class PeerSettings {
  headerTableBytes = HEADER_TABLE_BYTES;
  maxStreams = STREAMS_BEFORE_SETTINGS;
  initialWindow = INITIAL_WINDOW;
  /** RFC 8441 section 3. */
  takesExtendedConnect = false;
  /** Of the value that was refused. */
  code: Http2ErrorCode = H2.NO_ERROR;
  private hasCome = false;

  /** Takes the parameters in bytes[start, end), in order. Returns "" or what is wrong with one, and sets `code`. */
  take(bytes: Uint8Array, start: number, end: number, isFromServer: boolean): string {
    if (!this.hasCome) {
      this.hasCome = true;
      // Without a limit of its own, there is none.
      this.maxStreams = MAX_31;
    }
    for (let at = start; at < end; at += 6) {
      const id = (bytes[at] << 8) | bytes[at + 1];
      const value =
        ((bytes[at + 2] << 24) | (bytes[at + 3] << 16) | (bytes[at + 4] << 8) | bytes[at + 5]) >>> 0;
      const problem = this.takeOne(id, value, isFromServer);
      if (problem !== "") return problem;
    }
    return "";
  }

  private takeOne(id: number, value: number, isFromServer: boolean): string {
    switch (id) {
      case SETTING.HEADER_TABLE_SIZE:
        this.headerTableBytes = value;
        return "";
      case SETTING.ENABLE_PUSH:
        // A server may only say 0; we push nothing either way.
        return value > (isFromServer ? 0 : 1) ? this.refuse(H2.PROTOCOL_ERROR, "ENABLE_PUSH") : "";
      case SETTING.MAX_CONCURRENT_STREAMS:
        this.maxStreams = value;
        return "";
      case SETTING.INITIAL_WINDOW_SIZE:
        if (value > MAX_31) return this.refuse(H2.FLOW_CONTROL_ERROR, "INITIAL_WINDOW_SIZE");
        this.initialWindow = value;
        return "";
      case SETTING.MAX_FRAME_SIZE:
        // Ours are never larger than the smallest that a peer may ask for.
        return value < MAX_FRAME_BYTES || value > 0xff_ffff
          ? this.refuse(H2.PROTOCOL_ERROR, "MAX_FRAME_SIZE")
          : "";
      case SETTING.ENABLE_CONNECT_PROTOCOL:
        if (value > 1 || (value === 0 && this.takesExtendedConnect)) {
          return this.refuse(H2.PROTOCOL_ERROR, "ENABLE_CONNECT_PROTOCOL");
        }
        this.takesExtendedConnect = value === 1;
        return "";
      case SETTING.NO_RFC7540_PRIORITIES:
        return value > 1 ? this.refuse(H2.PROTOCOL_ERROR, "NO_RFC7540_PRIORITIES") : "";
      default:
        // Section 6.5.2: unknown ones are ignored. MAX_HEADER_LIST_SIZE is advice.
        return "";
    }
  }

  private refuse(code: Http2ErrorCode, name: string): string {
    this.code = code;
    return `SETTINGS_${name} has a value that it must not have`;
  }
}
