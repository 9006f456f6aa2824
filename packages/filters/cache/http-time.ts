const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const IMF = /^[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/;
const RFC_850 = /^[A-Z][a-z]+day, (\d{2})-([A-Z][a-z]{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) GMT$/;
const ASCTIME = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/;

/**
 * Milliseconds since the epoch of a date as HTTP writes it, in each of its three forms (RFC 9110 section 5.6.7); NaN for
 * what is none. `nowMs` tells the century of two digits.
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
  const month = MONTHS.indexOf(monthName);
  const [hour, minute, second] = clock.map(Number);
  if (month < 0 || hour > 23 || minute > 59 || second > 60) return Number.NaN;
  const time = Date.UTC(Number(year), month, Number(day), hour, minute, second);
  // The 31st of February would be some day of March.
  return new Date(time).getUTCDate() === Number(day) || second === 60 ? time : Number.NaN;
}
