import type { Fields } from "../../message/index.ts";
import { encodeFrame } from "./encode.ts";
import { TRAILERS } from "./limits.ts";

/**
 * gRPC-Web (grpc/doc/PROTOCOL-WEB.md): calls for clients that see no trailers, browsers above all. The trailers are
 * the last frame of the body, as lines of lower-case names; the text form has the body in base64.
 */
export function encodeTrailersFrame(trailers: Fields): Uint8Array {
  let lines = "";
  trailers.forEach((name, value) => (lines += `${name}:${value}\r\n`));
  return encodeFrame(TRAILERS, Buffer.from(lines, "latin1"));
}

const PAD = 61;
/** Octet to its six bits; 64 for a pad, 255 for what is none of the alphabet (RFC 4648 section 4). */
const SEXTETS: Uint8Array = (() => {
  const table = new Uint8Array(256).fill(255);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (let i = 0; i < alphabet.length; i++) table[alphabet.charCodeAt(i)] = i;
  table[PAD] = 64;
  return table;
})();

/**
 * Decodes base64 that comes in pieces and may be padded within: a client may encode each of its chunks by itself
 * (PROTOCOL-WEB.md, "Text-encoded streams").
 */
export class Base64Decoder {
  private bits = 0;
  private sextets = 0;
  private pads = 0;
  /** An octet that is none of base64, or padding at a wrong place, was read: what follows is not looked at. */
  isBroken = false;

  /** The octets that are complete; a new array. */
  decode(bytes: Uint8Array): Uint8Array {
    const out = new Uint8Array(Math.ceil(((bytes.length + 3) * 3) / 4));
    let length = 0;
    for (let i = 0; i < bytes.length && !this.isBroken; i++) {
      const sextet = SEXTETS[bytes[i]];
      if (sextet === 255 || (sextet < 64 && this.pads > 0) || (sextet === 64 && this.sextets < 2)) {
        this.isBroken = true;
        break;
      }
      if (sextet === 64) this.pads++;
      this.bits = (this.bits << 6) | (sextet & 63);
      if (++this.sextets < 4) continue;
      out[length++] = this.bits >> 16;
      if (this.pads < 2) out[length++] = (this.bits >> 8) & 255;
      if (this.pads < 1) out[length++] = this.bits & 255;
      this.bits = this.sextets = this.pads = 0;
    }
    return out.subarray(0, length);
  }

  /** Whether the text may end here. */
  get isComplete(): boolean {
    return this.sextets === 0 && !this.isBroken;
  }
}

/** A chunk of a text body: base64 with padding of its own, as clients expect it of each chunk. */
export function encodeBase64(bytes: Uint8Array): Uint8Array {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return Buffer.from(view.toString("base64"), "latin1");
}
