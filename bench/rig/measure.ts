import { setTimeout as sleep } from "node:timers/promises";
import {
  cpuBetween,
  readCoreTimes,
  readResidentBytes,
  readThreadTimes,
  type CoreTimes,
  type ThreadTimes,
} from "./cpu.ts";
import type { Load, LoadResult } from "./load.ts";
import { runLoad } from "./run-load.ts";
import type { Serving } from "./start.ts";
import type { Upstream } from "./upstream.ts";

/** One measured window of one proxy. */
export interface Window {
  /** CPU time of the proxy's process tree per request, in microseconds: the figure */
  cpuMicros: number;
  /**
   * the same of each part of the window, a fifth of a second long: some are quiet where the whole window never is. Requests
   * and CPU time are not read at one moment, which moves a part by a few percent in either direction.
   */
  partMicros: number[];
  requestsPerSecond: number;
  p99Ms: number | undefined;
  residentBytes: number;
  /** share of one core that the proxy used, 0–1 (above 1 with several workers on several cores) */
  utilisation: number;
  /** share of the proxy's core that others used or the hypervisor stole, 0–1; 0 where the proxy has no core alone */
  disturbance: number;
  /** why the window does not count; empty when it does */
  problems: string[];
}

interface Reading {
  atMs: number;
  requests: number;
  /** right before the requests were counted, and right behind */
  threadsBefore: ThreadTimes;
  threads: ThreadTimes;
  core: CoreTimes | undefined;
}

/** Connection set-up and slow start stay outside the window: readings start this long after the load does. */
const rampMs = 500;
const tailMs = 300;
const partMs = 200;

/**
 * Loads a proxy for `load.seconds` and a little more, and reads CPU time and the upstream's request counter at both
 * ends of the window, so that connection set-up and TLS handshakes are no part of the figure. `proxyCore` is the core
 * that the proxy has for itself, undefined when it shares.
 */
export async function measureWindow(
  serving: Serving,
  upstream: Upstream,
  load: Load,
  proxyCore: string | undefined,
): Promise<Window> {
  const read = (): Promise<Reading> => takeReading(serving.process.pid, upstream, proxyCore);
  const requestsBefore = await upstream.countRequests();
  const running = runLoad({ ...load, seconds: load.seconds + Math.ceil((rampMs + tailMs) / 1000) });
  await sleep(rampMs);
  const readings = [await read()];
  const startMs = readings[0]!.atMs;
  for (let endMs = partMs; endMs <= load.seconds * 1000; endMs += partMs) {
    await sleep(Math.max(0, startMs + endMs - performance.now()));
    readings.push(await read());
  }
  const residentBytes = readResidentBytes(serving.process.pid);
  const result = await running.result;
  const requestsInAll = (await upstream.countRequests()) - requestsBefore;
  const problems = findProblems(result, requestsInAll, load.connections * load.streams);
  if (!serving.process.isRunning()) problems.push("the proxy ended under load");
  const whole = figures(readings[0]!, readings.at(-1)!);
  return { ...whole, partMicros: partsOf(readings), p99Ms: result.p99Ms, residentBytes, problems };
}

/** Load without readings, to warm up code, pools and connections. */
export async function warmUp(load: Load): Promise<LoadResult> {
  return runLoad(load).result;
}

/** What makes a window worthless: errors, or a proxy that did not ask the upstream once per request. */
export function findProblems(result: LoadResult, requestsUpstream: number, atOnce: number): string[] {
  const problems: string[] = [];
  if (result.requests === 0) problems.push("no request completed");
  if (result.badStatuses > 0) problems.push(`${result.badStatuses} answers of status 400 or above`);
  if (result.socketErrors > 0) problems.push(`${result.socketErrors} socket errors`);
  // so many requests may be under way when this load ends, and when the load before this one did
  const slack = 2 * atOnce + 0.001 * result.requests;
  if (Math.abs(requestsUpstream - result.requests) > slack) {
    problems.push(`upstream took ${requestsUpstream} requests for ${result.requests} answers`);
  }
  return problems;
}

function figures(
  before: Reading,
  after: Reading,
): Pick<Window, "cpuMicros" | "requestsPerSecond" | "utilisation" | "disturbance"> {
  const requests = after.requests - before.requests;
  const elapsedMs = after.atMs - before.atMs;
  const cpuNs = cpuBetween(before.threads, after.threads);
  return {
    cpuMicros: cpuNs / 1000 / requests,
    requestsPerSecond: requests / (elapsedMs / 1000),
    utilisation: cpuNs / 1e6 / elapsedMs,
    disturbance: Math.max(0, (usedBetween(before.core, after.core) - cpuNs) / 1e6 / elapsedMs),
  };
}

function partsOf(readings: readonly Reading[]): number[] {
  return readings.slice(1).flatMap((after, at) => {
    const before = readings[at]!;
    // One that a late reading has left little of tells little.
    if (after.atMs - before.atMs < partMs / 2) return [];
    const cpuNs =
      (cpuBetween(before.threads, after.threads) + cpuBetween(before.threadsBefore, after.threadsBefore)) / 2;
    const micros = cpuNs / 1000 / (after.requests - before.requests);
    return Number.isFinite(micros) ? [micros] : [];
  });
}

function usedBetween(before: CoreTimes | undefined, after: CoreTimes | undefined): number {
  if (before === undefined || after === undefined) return 0;
  return after.busyNs - before.busyNs + after.stolenNs - before.stolenNs;
}

async function takeReading(pid: number, upstream: Upstream, proxyCore: string | undefined): Promise<Reading> {
  const threadsBefore = readThreadTimes(pid);
  const requests = await upstream.countRequests();
  const core = proxyCore === undefined ? undefined : readCoreTimes(proxyCore);
  return { atMs: performance.now(), requests, threadsBefore, threads: readThreadTimes(pid), core };
}
