import { renameSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { ask, percentile } from "../rig/index.ts";
import { largestSample } from "./metrics.ts";
import type { Answered } from "./answers.ts";
import { nowMs } from "./clock.ts";
import { NewRoute } from "./new-route.ts";
import { TrafficProcess } from "./traffic-process.ts";
import type { TrafficOptions } from "./traffic.ts";

/** One swap under traffic, and the same traffic just before it. */
export interface Swap {
  /** from the file's write until the new route answers */
  swapMs: number;
  p99QuietMs: number;
  /** of the requests that were due between the write and the first answer of the new route */
  p99DuringMs: number;
  longestDuringMs: number;
  /** of the second that begins with the write: what a user sees who asks for the p99 of each second */
  p99SecondMs: number;
  errors: number;
  /** largest of all workers, of the swap and of the half minute before it; undefined when /metrics has no such gauge */
  eventLoopDelayMs: number | undefined;
}

export interface SwapOptions {
  configFile: string;
  /** the new configuration, made ready before, so that making it costs no one during the swap */
  text: string;
  /** answers 404 before the swap and 200 after it */
  newRoutePath: string;
  metricsUrl: string;
  traffic: TrafficOptions;
}

const delayMetric = "heddle_worker_event_loop_delay_max_seconds";
/**
 * Traffic before the write, so that what serves it is warm, as it is where traffic never ends. The gauge of the delay tells
 * the longest of the last half minute: what the start or the swap before left to be collected has to be over before that.
 */
const leadMs = 45_000;
/** of it the time without a swap that is compared with */
const quietMs = 10_000;
const secondMs = 1_000;

export async function measureSwap(options: SwapOptions): Promise<Swap> {
  // Aside, and long before: writing megabytes takes a core, and the swap has not begun yet.
  writeFileSync(`${options.configFile}.new`, options.text);
  using traffic = await TrafficProcess.start(options.traffic);
  using newRoute = await NewRoute.open(options.traffic.port, options.newRoutePath);
  await sleep(leadMs);
  // A reader finds the old file or the new one, never half of it.
  const writtenMs = nowMs();
  renameSync(`${options.configFile}.new`, options.configFile);
  await newRoute.untilAnswers();
  const answeredMs = nowMs();
  await sleep(Math.max(0, writtenMs + secondMs - nowMs()));
  const { answered, errors } = await traffic.stop();
  // Not before: who asks for the metrics of 10,000 routes has Heddle work.
  const eventLoopDelayMs = await readDelayMs(options.metricsUrl);
  const quiet = latencies(answered, writtenMs - quietMs, writtenMs);
  const during = latencies(answered, writtenMs, answeredMs);
  return {
    swapMs: answeredMs - writtenMs,
    p99QuietMs: percentile(quiet, 0.99),
    p99DuringMs: percentile(during, 0.99),
    longestDuringMs: Math.max(...during),
    p99SecondMs: percentile(latencies(answered, writtenMs, writtenMs + secondMs), 0.99),
    errors,
    eventLoopDelayMs,
  };
}

/** The largest delay of half a minute of the same traffic without a swap: what is the machine's own. */
export async function measureQuietDelay({
  traffic: options,
  metricsUrl,
}: Pick<SwapOptions, "traffic" | "metricsUrl">): Promise<number | undefined> {
  using traffic = await TrafficProcess.start(options);
  await sleep(leadMs);
  await traffic.stop();
  return readDelayMs(metricsUrl);
}

async function readDelayMs(metricsUrl: string): Promise<number | undefined> {
  const { body } = await ask({ url: metricsUrl });
  const seconds = largestSample(body, delayMetric);
  return seconds === undefined ? undefined : seconds * 1000;
}

/** Of the requests that were due between the two. */
function latencies({ dueMs, latencyMs }: Answered, fromMs: number, untilMs: number): number[] {
  return Array.from(latencyMs.filter((_, at) => dueMs[at]! >= fromMs && dueMs[at]! <= untilMs));
}
