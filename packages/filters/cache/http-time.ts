const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const IMF = /^[a-z]{3}, (\d{2}) ([a-z]{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) gmt$/i;
const RFC_850 = /^[a-z]+day, (\d{2})-([a-z]{3})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) gmt$/i;
const ASCTIME = /^[a-z]{3} ([a-z]{3}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/i;

/**
 * Milliseconds since the epoch of a date as HTTP writes it, in each of its three forms (RFC 9110 section 5.6.7); NaN for
 * what is none. Letters compare without case (RFC 9111 section 4.2); no zone but GMT is one. `nowMs` tells the century
 * of two digits.
 */
export function parseHttpTime(text: string, nowMs: number): number {
  const imf = IMF.exec(text);
  if (imf !== null) return toTime(imf[3], imf[2], imf[1], imf.slice(4, 7));
  const old = RFC_850.exec(text);
  if (old !== null) return toTime(fullYear(Number(old[3]), nowMs), old[2], old[1], old.slice(4, 7));
  const c = ASCTIME.exec(text);
  if (c !== null) return toTime(c[6], c[1], c[2].trim(), c.slice(3, 6));
  return Number.NaN;
}

/** More than 50 years ahead is the last century's. */
function fullYear(twoDigits: number, nowMs: number): number {
  const now = new Date(nowMs).getUTCFullYear();
  const year = now - (now % 100) + twoDigits;
  return year > now + 50 ? year - 100 : year;
}

function toTime(
  year: string | number,
  monthName: string,
  day: string,
  clock: readonly (string | undefined)[],
): number {
  const month = MONTHS.indexOf(monthName.toLowerCase());
  const [hour, minute, second] = clock.map(Number);
  if (month < 0 || hour > 23 || minute > 59 || second > 60) return Number.NaN;
  const time = Date.UTC(Number(year), month, Number(day), hour, minute, second);
  // The 31st of February would be some day of March.
  return new Date(time).getUTCDate() === Number(day) || second === 60 ? time : Number.NaN;
}
