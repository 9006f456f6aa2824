import { NAME, SPAN } from "../message/index.ts";
import type { Fields } from "../message/index.ts";

/** Whether the fields say that length, once, so that they may go out as they are. */
export function hasContentLength(fields: Fields, length: number): boolean {
  const { text, spans, added } = fields;
  let isRight = false;
  let count = 0;
  for (let at = 0; at < spans.length; at += SPAN) {
    if (spans[at] !== NAME.CONTENT_LENGTH) continue;
    isRight = isDecimal(text, spans[at + 3], spans[at + 4], length);
    count++;
  }
  for (let i = 0; i < added.length; i += 2) {
    if (added[i] !== "content-length") continue;
    isRight = added[i + 1] === String(length);
    count++;
  }
  return count === 1 && isRight;
}

/** Whether text[start, end) is that number as `String` writes it, found without making text. */
function isDecimal(text: string, start: number, end: number, value: number): boolean {
  let rest = value;
  for (let i = end - 1; i >= start; i--) {
    const digit = rest % 10;
    if (text.charCodeAt(i) - 48 !== digit) return false;
    rest = (rest - digit) / 10;
    if (rest === 0) return i === start;
  }
  return false;
}
