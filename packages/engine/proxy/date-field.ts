import type { Clock } from "../base/index.ts";
import { httpDate, NAME, SPAN } from "../message/index.ts";
import type { Fields } from "../message/index.ts";

/** RFC 9110 section 6.6.1: whoever makes a response dates it, and so does who passes on one without a date. */
export function addMissingDate(fields: Fields, clock: Clock): void {
  const { spans } = fields;
  // Nearly every response has one: no text is made of it.
  for (let at = 0; at < spans.length; at += SPAN) if (spans[at] === NAME.DATE) return;
  if (fields.getKnown(NAME.DATE) === undefined) fields.addTrusted("date", httpDate(clock.wallMs()));
}
