import { NAME, SPAN } from "../message/index.ts";
import type { Fields } from "../message/index.ts";

/** Whether the fields say that length, once, so that they may go out as they are. */
export function hasContentLength(fields: Fields, length: number): boolean {
  const { text, spans, added } = fields;
  let value = "";
  let count = 0;
  for (let at = 0; at < spans.length; at += SPAN) {
    if (spans[at] !== NAME.CONTENT_LENGTH) continue;
    value = text.slice(spans[at + 3], spans[at + 4]);
    count++;
  }
  for (let i = 0; i < added.length; i += 2) {
    if (added[i] !== "content-length") continue;
    value = added[i + 1];
    count++;
  }
  return count === 1 && value === String(length);
}
