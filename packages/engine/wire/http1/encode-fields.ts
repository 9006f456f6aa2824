import type { Fields } from "../../message/index.ts";
import { KNOWN_NAMES, knownNameId, SPAN } from "../../message/index.ts";
import { LAST_FRAMING_ID } from "../framing-names.ts";

/** What a line of a known name begins with, by its id. */
const KNOWN_STARTS = KNOWN_NAMES.map((name) => `${name}: `);

/**
 * The kept fields as lines, each with its CRLF: runs of untouched ones as single slices of the head they came in,
 * then those that were added. Of names that frame a message only the `kept` id passes: the encoder writes framing
 * from the head's members, whatever a filter has put into its fields.
 */
export function encodeFields(fields: Fields, kept: number): string {
  const { text, spans, added } = fields;
  const size = spans.length;
  let out = "";
  let at = 0;
  while (at < size) {
    if (isSkipped(spans[at], kept)) {
      at += SPAN;
      continue;
    }
    const start = spans[at + 1];
    do at += SPAN;
    while (at < size && !isSkipped(spans[at], kept));
    out += text.slice(start, at < size ? spans[at + 1] : text.length);
  }
  for (let i = 0; i < added.length; i += 2) {
    const id = knownNameId(added[i]);
    if (id === 0) out += `${added[i]}: ${added[i + 1]}\r\n`;
    else if (!isSkipped(id, kept)) out += `${KNOWN_STARTS[id]}${added[i + 1]}\r\n`;
  }
  return out + fields.blockLines;
}

function isSkipped(id: number, kept: number): boolean {
  return id < 0 || (id > 0 && id <= LAST_FRAMING_ID && id !== kept);
}
