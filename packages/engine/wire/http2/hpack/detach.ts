import { Buffer } from "node:buffer";
import { sliceLatin1 } from "../../../base/index.ts";

/** The same text, for keeping: a slice of a head would keep all of the head's text. */
export function detach(text: string): string {
  const bytes = Buffer.from(text, "latin1");
  return sliceLatin1(bytes, 0, bytes.length);
}
