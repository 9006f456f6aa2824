/**
 * Time as logs write it. The text of a second is made once and kept for the next line: lines of one second come
 * together.
 */
let isoSecond = -1;
let isoPrefix = "";

const MILLISECONDS: readonly string[] = Array.from(
  { length: 1_000 },
  (_, ms) => `.${String(ms).padStart(3, "0")}Z`,
);

/** "2026-01-31T09:05:07.042Z" (RFC 3339) of whole milliseconds since the epoch, rounded down. */
export function isoTime(wallMs: number): string {
  const second = Math.floor(wallMs / 1_000);
  if (second !== isoSecond) {
    isoSecond = second;
    isoPrefix = new Date(second * 1_000).toISOString().slice(0, 19);
  }
  return isoPrefix + MILLISECONDS[Math.floor(wallMs - second * 1_000)];
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

let commonSecond = -1;
let commonText = "";

/** "31/Jan/2026:09:05:07 +0000", as the common log format has it; always UTC. */
export function commonTime(wallMs: number): string {
  const second = Math.floor(wallMs / 1_000);
  if (second !== commonSecond) {
    commonSecond = second;
    const date = new Date(second * 1_000);
    const iso = date.toISOString();
    commonText = `${iso.slice(8, 10)}/${MONTHS[date.getUTCMonth()]}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`;
  }
  return commonText;
}
