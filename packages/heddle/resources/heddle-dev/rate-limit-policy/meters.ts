import { choice, integer, optional, struct } from "../../schema/build.ts";
import { rule } from "../../schema/rule.ts";
import { parseDurationMs } from "../../gateway-api/go-duration.ts";
import { boundedTime } from "../bounded-time.ts";

/** What 32 bits of state can hold, with as much again for debts. */
const MAX_BURST = 67_108_864;
const MAX_RATE_PER_MS = 1_000;
const quota = integer({ minimum: 1, maximum: 1_000_000_000, format: "int64" });

export const tokenBucketSchema = struct(
  {
    /** So many units in each `per`, evenly. */
    rate: quota,
    per: boundedTime("1ms", "744h"),
    /** At once, after a time without any. By default `rate`. */
    burst: optional(integer({ minimum: 1, maximum: MAX_BURST, format: "int64" })),
  },
  {
    rules: [
      rule<{ rate: number; per: string }>(
        "rate-bounded",
        "rate must be at most 1000000 for each second of per; count in greater units",
        ({ rate, per }) => rate / (parseDurationMs(per) || 1) <= MAX_RATE_PER_MS,
      ),
      rule<{ rate: number; burst?: number }>(
        "burst-bounded",
        `rate is the burst where none is given, which must be at most ${MAX_BURST}; give a burst`,
        ({ rate, burst }) => (burst ?? rate) <= MAX_BURST,
      ),
    ],
  },
);

/** In any stretch of that length, wherever it begins. */
export const slidingWindowSchema = struct({ quota, window: boundedTime("100ms", "744h") });

/** In each minute, hour, day or month of the calendar, UTC. */
export const fixedWindowSchema = struct({ quota, unit: choice(["Minute", "Hour", "Day", "Month"]) });

/** In flight at a time, per process. */
export const concurrencySchema = struct({ quota });
