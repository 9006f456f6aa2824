import { UsageError } from "./exit-codes.ts";

const unitMs: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 };

/** A time from now on ("90d", "12h") or of the calendar, in milliseconds since the epoch. Throws UsageError. */
export function parseUntil(text: string, nowMs: number, option: string): number {
  const relative = /^(\d{1,5})([dhms])$/.exec(text);
  if (relative !== null) return nowMs + Number(relative[1]) * unitMs[relative[2]!]!;
  const isDate = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2}))?$/.test(text);
  const ms = isDate ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) {
    throw new UsageError(
      `${option} must be such as 90d, 12h, 2027-01-31 or 2027-01-31T12:00:00Z, got ${JSON.stringify(text)}`,
    );
  }
  return ms;
}
