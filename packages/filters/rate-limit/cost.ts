import type { Fields } from "@heddle/engine/message";

/** More than this is charged for nothing. */
const MAX_UNITS = 1_000_000_000;

/**
 * The cost in a header: its units, or `missing` where there is none. -1 where it cannot be read: no whole number, or
 * several headers.
 */
export function readUnits(fields: Fields, name: string, missing: number): number {
  const values = fields.getAll(name);
  if (values.length === 0) return missing;
  return values.length === 1 ? parseUnits(values[0]) : -1;
}

function parseUnits(text: string): number {
  if (text.length === 0 || text.length > 15) return -1;
  let units = 0;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return -1;
    units = units * 10 + digit;
  }
  return Math.min(units, MAX_UNITS);
}
