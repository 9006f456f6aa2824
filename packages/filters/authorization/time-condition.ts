import type { TimeWindow } from "./config.ts";

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** Windows of time. What the clocks of their zones show is asked for once a minute. */
export class TimeCondition {
  private readonly windows: readonly { readonly window: TimeWindow; readonly clock: ZoneClock }[];

  constructor(windows: readonly TimeWindow[]) {
    this.windows = windows.map((window) => ({ window, clock: new ZoneClock(window.timeZone) }));
  }

  isWithin(wallMs: number): boolean {
    for (const { window, clock } of this.windows) {
      if (window.sinceMs !== null && wallMs < window.sinceMs) continue;
      if (window.untilMs !== null && wallMs >= window.untilMs) continue;
      clock.read(wallMs);
      if (isOpen(window, clock.day, clock.minute)) return true;
    }
    return false;
  }
}

/** A window over midnight belongs to the day on which it begins. */
function isOpen({ fromMinute, toMinute, days: on }: TimeWindow, day: number, minute: number): boolean {
  const isDay = (one: number): boolean => on.length === 0 || on.includes(one);
  if (fromMinute === toMinute) return isDay(day);
  if (fromMinute < toMinute) return minute >= fromMinute && minute < toMinute && isDay(day);
  return minute >= fromMinute ? isDay(day) : minute < toMinute && isDay((day + 6) % 7);
}

/** The weekday and minute of the day in a time zone. */
class ZoneClock {
  day = 0;
  minute = 0;
  private readMinute = -1;
  private readonly format: Intl.DateTimeFormat | null;

  /** Throws for a zone that is not known; compile has checked that it is. */
  constructor(timeZone: string) {
    this.format =
      timeZone === "UTC"
        ? null
        : new Intl.DateTimeFormat("en-US", {
            timeZone,
            weekday: "short",
            hour: "2-digit",
            minute: "2-digit",
            hourCycle: "h23",
          });
  }

  read(wallMs: number): void {
    const minutes = Math.floor(wallMs / MINUTE_MS);
    if (minutes === this.readMinute) return;
    this.readMinute = minutes;
    if (this.format === null) {
      this.minute = minutes % DAY_MINUTES;
      // The epoch began on a Thursday.
      this.day = (Math.floor(minutes / DAY_MINUTES) + 4) % 7;
      return;
    }
    const parts = new Map(this.format.formatToParts(wallMs).map(({ type, value }) => [type, value]));
    this.day = days.indexOf(parts.get("weekday")!);
    this.minute = Number(parts.get("hour")) * 60 + Number(parts.get("minute"));
  }
}
