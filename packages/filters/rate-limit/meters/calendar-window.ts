export type CalendarUnit = "minute" | "hour" | "day" | "month";

const lengthMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

/** A window of the calendar (UTC): its number, which no other of its unit has, and its end, in milliseconds since 1970. */
export interface CalendarWindow {
  readonly index: number;
  readonly endMs: number;
}

const known: Record<CalendarUnit, CalendarWindow & { startMs: number }> = {
  minute: { index: 0, startMs: 0, endMs: 0 },
  hour: { index: 0, startMs: 0, endMs: 0 },
  day: { index: 0, startMs: 0, endMs: 0 },
  month: { index: 0, startMs: 0, endMs: 0 },
};

/** The window that `wallMs` is in. The last one asked for is kept: it is nearly always the same. */
export function calendarWindow(unit: CalendarUnit, wallMs: number): CalendarWindow {
  const last = known[unit];
  if (wallMs >= last.startMs && wallMs < last.endMs) return last;
  const found = unit === "month" ? monthAt(wallMs) : windowAt(lengthMs[unit], wallMs);
  known[unit] = found;
  return found;
}

function windowAt(length: number, wallMs: number) {
  const index = Math.floor(wallMs / length);
  return { index, startMs: index * length, endMs: (index + 1) * length };
}

function monthAt(wallMs: number) {
  const date = new Date(wallMs);
  const year = date.getUTCFullYear();
  const month = date.getUTCMonth();
  return { index: year * 12 + month, startMs: Date.UTC(year, month), endMs: Date.UTC(year, month + 1) };
}
