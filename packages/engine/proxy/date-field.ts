import type { Clock } from "../base/index.ts";
import { httpDate, NAME } from "../message/index.ts";
import type { Fields } from "../message/index.ts";

/** RFC 9110 section 6.6.1: whoever makes a response dates it, and so does who passes on one without a date. */
export function addMissingDate(fields: Fields, clock: Clock): void {
  if (fields.getKnown(NAME.DATE) === undefined) fields.addTrusted("date", httpDate(clock.wallMs()));
}
