import { renameSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { ask, percentile } from "../rig/index.ts";
import { largestSample } from "./metrics.ts";
import { Traffic, type Answered, type TrafficOptions } from "./traffic.ts";

/** One swap, and the same traffic without one just before it. */
export interface Swap {
  /** from the file's write until the new route answers */
  swapMs: number;
  p99QuietMs: number;
  /** of the requests that were due between the write and the first answer of the new route */
  p99DuringMs: number;
  longestDuringMs: number;
  errors: number;
  /** largest of all workers, of the swap and of the quiet half minute before it; undefined when /metrics has no such gauge */
  eventLoopDelayMs: number | undefined;
}

export interface SwapOptions {
  configFile: string;
  /** the new configuration, made ready before, so that making it costs no one during the swap */
  text: string;
  /** answers 404 before the swap and 200 after it */
  newRouteUrl: string;
  metricsUrl: string;
  traffic: TrafficOptions;
}

const delayMetric = "heddle_worker_event_loop_delay_max_seconds";
/** the gauge tells the longest delay of the last half minute: that of the start, or of the swap before, has to go first */
const forgetMs = 31_000;
const quietMs = 2000;
const leadMs = 300;
const timeoutMs = 60_000;

export async function measureSwap(options: SwapOptions): Promise<Swap> {
  await sleep(forgetMs);
  const quiet = await quietTraffic(options.traffic);
  const traffic = new Traffic(options.traffic);
  traffic.start();
  await sleep(leadMs);
  // written aside and renamed into place: a reader finds the old file or the new one, never half of it
  writeFileSync(`${options.configFile}.new`, options.text);
  const writtenMs = performance.now();
  renameSync(`${options.configFile}.new`, options.configFile);
  await untilAnswers(options.newRouteUrl, writtenMs);
  const answeredMs = performance.now();
  const eventLoopDelayMs = await readDelayMs(options.metricsUrl);
  const { answered, errors } = await traffic.stop();
  const during = latencies(answered.filter(({ dueMs }) => dueMs >= writtenMs && dueMs <= answeredMs));
  return {
    swapMs: answeredMs - writtenMs,
    p99QuietMs: percentile(latencies(quiet.answered), 0.99),
    p99DuringMs: percentile(during, 0.99),
    longestDuringMs: Math.max(...during),
    errors: errors + quiet.errors,
    eventLoopDelayMs,
  };
}

async function quietTraffic(options: TrafficOptions): Promise<{ answered: Answered[]; errors: number }> {
  const traffic = new Traffic(options);
  traffic.start();
  await sleep(quietMs);
  return traffic.stop();
}

async function untilAnswers(url: string, sinceMs: number): Promise<void> {
  while ((await ask({ url })).status !== 200) {
    if (performance.now() - sinceMs > timeoutMs) {
      throw new Error(`the new route does not answer ${timeoutMs / 1000} s after the file's write`);
    }
    await sleep(2);
  }
}

async function readDelayMs(metricsUrl: string): Promise<number | undefined> {
  const { body } = await ask({ url: metricsUrl });
  const seconds = largestSample(body, delayMetric);
  return seconds === undefined ? undefined : seconds * 1000;
}

function latencies(answered: readonly Answered[]): number[] {
  return answered.map(({ latencyMs }) => latencyMs);
}
