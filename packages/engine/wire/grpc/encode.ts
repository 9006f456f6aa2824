import { PREFIX_BYTES } from "./limits.ts";

/** A message with its prefix, not compressed. */
export function encodeMessage(bytes: Uint8Array): Uint8Array {
  return encodeFrame(0, bytes);
}

/** A frame with that flag: a message, or the trailers of gRPC-Web. */
export function encodeFrame(flag: number, bytes: Uint8Array): Uint8Array {
  const frame = new Uint8Array(PREFIX_BYTES + bytes.length);
  frame[0] = flag;
  new DataView(frame.buffer).setUint32(1, bytes.length);
  frame.set(bytes, PREFIX_BYTES);
  return frame;
}
