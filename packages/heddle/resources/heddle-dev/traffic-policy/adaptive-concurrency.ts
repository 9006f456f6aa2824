import { integer, struct, withDefault } from "../../schema/build.ts";
import { rule } from "../../schema/rule.ts";
import { boundedTime } from "../bounded-time.ts";

const count = (minimum: number, maximum: number, standard: number) =>
  withDefault(integer({ minimum, maximum, format: "int64" }), standard);

interface Bounds {
  minConcurrency: number;
  maxConcurrency: number;
}

export const adaptiveConcurrencySchema = struct(
  {
    /** Never fewer at a time, per worker; so many while the base is measured. */
    minConcurrency: count(1, 100_000, 3),
    /** Never more, per worker. */
    maxConcurrency: count(1, 1_000_000, 1_000),
    /** Between two changes of the limit. */
    sampleInterval: withDefault(boundedTime("20ms", "10s"), "100ms"),
    /** By how much latency may exceed the base before the limit falls; 5 ms in any case. */
    bufferPercent: count(0, 1_000, 25),
    /** Between two measurements of the base, where traffic does not give one by itself. */
    baseInterval: withDefault(boundedTime("1s", "24h"), "60s"),
    /** The interval is so much longer or shorter, at random. */
    baseJitterPercent: count(0, 100, 10),
    /** Of one measurement. */
    baseRequests: count(1, 10_000, 50),
  },
  {
    rules: [
      rule<Bounds>(
        "max-concurrency-not-below-min",
        "maxConcurrency must not be less than minConcurrency",
        ({ minConcurrency, maxConcurrency }) => maxConcurrency >= minConcurrency,
      ),
    ],
  },
);
