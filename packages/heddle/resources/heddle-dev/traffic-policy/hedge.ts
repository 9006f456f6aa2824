import { integer, number, optional, struct, withDefault } from "../../schema/build.ts";
import { rule } from "../../schema/rule.ts";
import { boundedTime } from "../bounded-time.ts";

export const hedgeSchema = struct(
  {
    /** After so long without a response head another endpoint is asked too. */
    delay: optional(boundedTime("1ms", "1m")),
    /** The delay is the time in which so many of the backend's requests of late were answered. */
    percentile: optional(number({ minimum: 50, maximum: 99.9 })),
    /** Under way at a time, the first one included. */
    maxAttempts: withDefault(integer({ minimum: 2, maximum: 5 }), 2),
  },
  {
    rules: [
      rule<{ delay?: unknown; percentile?: unknown }>(
        "hedge-after-one-time",
        "exactly one of delay and percentile must be given",
        ({ delay, percentile }) => (delay === undefined) !== (percentile === undefined),
      ),
    ],
  },
);
