import { Buffer } from "node:buffer";
import type { HeaderMistake } from "./errors.ts";
import { parseProxyHeader } from "./parse.ts";
import type { ProxyHeader } from "./header.ts";

/** A header that comes in pieces; usually it is whole in the first. Holds no more than a header's length. */
export class ProxyHeaderReader {
  private held: Buffer | null = null;
  /** With a header: where in the last piece the connection's own octets begin. */
  restAt = 0;

  /** Reads bytes[0, length), valid during the call only. To be called until it is not "partial". */
  read(bytes: Uint8Array, length: number): ProxyHeader | "partial" | HeaderMistake {
    const { held } = this;
    const piece = bytes.subarray(0, length);
    const whole = held === null ? piece : Buffer.concat([held, piece]);
    const header = parseProxyHeader(whole, whole.length);
    if (header === "partial") this.held = held === null ? Buffer.from(piece) : (whole as Buffer);
    else if (typeof header === "object") this.restAt = header.length - (held?.length ?? 0);
    return header;
  }
}
