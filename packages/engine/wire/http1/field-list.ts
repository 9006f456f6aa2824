import { SPAN } from "../../message/index.ts";

/** Visits each non-empty member of a comma-separated list (RFC 9110 section 5.6.1), without spaces around it. */
export function forEachMember(list: string, visit: (member: string) => void): void {
  let start = 0;
  while (start <= list.length) {
    let end = list.indexOf(",", start);
    if (end < 0) end = list.length;
    const member = list.slice(start, end).trim();
    if (member !== "") visit(member);
    start = end + 1;
  }
}

/** The value of the field whose five numbers begin at `at`. */
export function valueAt(text: string, spans: readonly number[], at: number): string {
  return text.slice(spans[at + 3], spans[at + 4]);
}

/** Removes every field of a lower-case name, known or not, from spans. */
export function removeNamed(text: string, spans: number[], name: string): void {
  for (let at = 0; at < spans.length; at += SPAN) {
    const length = spans[at + 2] - spans[at + 1];
    if (length !== name.length || spans[at] < 0) continue;
    if (text.slice(spans[at + 1], spans[at + 2]).toLowerCase() === name) spans[at] = -1;
  }
}
