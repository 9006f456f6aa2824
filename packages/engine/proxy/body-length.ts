import { LENGTH_UNKNOWN } from "../message/index.ts";
import type { RequestHead, ResponseHead } from "../message/index.ts";

/** A filter may change the body's length: its old one must not frame it. */
export function loseLength(head: RequestHead | ResponseHead): void {
  if (head.bodyLength === 0) return;
  head.bodyLength = LENGTH_UNKNOWN;
  head.fields.delete("content-length");
}

export function setLength(head: RequestHead, length: number): void {
  head.bodyLength = length;
  head.fields.set("content-length", String(length));
}
