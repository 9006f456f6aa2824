import { setTimeout as sleep } from "node:timers/promises";
import { median, readResidentBytes, runLoad, type Load, type Serving } from "../rig/index.ts";

export interface Sample {
  atMs: number;
  bytes: number;
}

export interface Growth {
  earlyBytes: number;
  lateBytes: number;
  requests: number;
}

const windowMs = 30_000;

/** Loads a proxy for `minutes` and compares its memory at the end with that after `earlyMinutes`. */
export async function measureGrowth(
  serving: Serving,
  load: Omit<Load, "seconds">,
  earlyMinutes: number,
  minutes: number,
  say: (text: string) => void,
): Promise<Growth> {
  const { result } = runLoad({ ...load, seconds: Math.ceil(minutes * 60) });
  const samples: Sample[] = [];
  const start = performance.now();
  const atMs = (): number => performance.now() - start;
  while (atMs() < minutes * 60_000) {
    samples.push({ atMs: atMs(), bytes: readResidentBytes(serving.process.pid) });
    if (samples.length % 60 === 0) say(`${(atMs() / 60_000).toFixed(1)} of ${minutes} minutes`);
    if (samples.length % 10 === 0) serving.truncateLog();
    await sleep(1000);
  }
  const { requests, badStatuses, socketErrors } = await result;
  if (badStatuses + socketErrors > 0) {
    throw new Error(
      `${badStatuses} answers of status 400 or above, ${socketErrors} socket errors under load`,
    );
  }
  return {
    earlyBytes: medianBefore(samples, earlyMinutes * 60_000),
    lateBytes: medianBefore(samples, minutes * 60_000),
    requests,
  };
}

/** Median over the half minute before a moment, because memory under load is a saw's edge between collections. */
export function medianBefore(samples: readonly Sample[], momentMs: number): number {
  const near = samples.filter(({ atMs }) => atMs <= momentMs && atMs > momentMs - windowMs);
  if (near.length === 0)
    throw new Error(`no reading in the ${windowMs / 1000} s before ${momentMs / 1000} s`);
  return median(near.map(({ bytes }) => bytes));
}
