/**
 * IP addresses as text and as numbers: RFC 3986 section 3.2.2 forms, without zones, without the shorthands
 * (127.1, 0x7f.1) by which one address gets many spellings.
 */

/** The four octets as one unsigned number; -1 when `text` is no dotted quad (a leading zero is none). */
export function parseIpv4(text: string): number {
  let value = 0;
  let at = 0;
  for (let octet = 0; octet < 4; octet++) {
    if (octet > 0 && text.charCodeAt(at++) !== 46) return -1;
    const start = at;
    let number = 0;
    while (at < text.length && at - start < 3 && isDigit(text.charCodeAt(at))) {
      number = number * 10 + text.charCodeAt(at++) - 48;
    }
    if (at === start || number > 255 || (at - start > 1 && text.charCodeAt(start) === 48)) return -1;
    value = value * 256 + number;
  }
  return at === text.length ? value : -1;
}

/** Eight groups of 16 bits; null when `text` is no IPv6 address (RFC 4291 section 2.2, without a zone). */
export function parseIpv6(text: string): number[] | null {
  if (text.length < 2 || text.length > 45) return null;
  const gap = text.indexOf("::");
  if (gap < 0) return parseGroups(text, 8, true);
  if (text.includes("::", gap + 1)) return null;
  const head = gap === 0 ? [] : parseGroups(text.slice(0, gap), -7, false);
  const tail = gap + 2 === text.length ? [] : parseGroups(text.slice(gap + 2), -7, true);
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  return missing < 1 ? null : [...head, ...Array<number>(missing).fill(0), ...tail];
}

/** `count` groups exactly, or at most -count when negative; the last may be a dotted quad when `mayEndInIpv4`. */
function parseGroups(text: string, count: number, mayEndInIpv4: boolean): number[] | null {
  const parts = text.split(":");
  const groups: number[] = [];
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    if (mayEndInIpv4 && i === parts.length - 1 && part.includes(".")) {
      const quad = parseIpv4(part);
      if (quad < 0) return null;
      groups.push(Math.floor(quad / 65_536), quad % 65_536);
    } else {
      if (!/^[0-9a-f]{1,4}$/i.test(part)) return null;
      groups.push(Number.parseInt(part, 16));
    }
  }
  return count < 0 ? (groups.length <= -count ? groups : null) : groups.length === count ? groups : null;
}

/** The IPv4 address inside of ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2) as a number; -1 for any other. */
export function mappedIpv4(groups: readonly number[]): number {
  for (let i = 0; i < 5; i++) if (groups[i] !== 0) return -1;
  return groups[5] === 0xffff ? groups[6] * 65_536 + groups[7] : -1;
}

export function formatIpv4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

/** As RFC 5952 section 4 has it: lower case, no leading zeroes, the first of the longest runs of zeroes as "::". */
export function formatIpv6(groups: readonly number[]): string {
  let [gapAt, gap] = [-1, 1];
  for (let at = 0; at < 8; at++) {
    let end = at;
    while (end < 8 && groups[end] === 0) end++;
    if (end - at > gap) [gapAt, gap] = [at, end - at];
  }
  const text = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(":");
  return gapAt < 0 ? text(0, 8) : `${text(0, gapAt)}::${text(gapAt + gap, 8)}`;
}

function isDigit(c: number): boolean {
  return c >= 48 && c <= 57;
}
