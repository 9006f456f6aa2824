import { setTimeout as sleep } from "node:timers/promises";
import { median, readResidentBytes } from "../rig/index.ts";

/** Readings are half a second apart; memory has settled when this many of them lie close together. */
const everyMs = 500;
const settledReadings = 12;
const tolerance = 0.005;
const timeoutMs = 40_000; // below the 60 s after which a proxy closes an idle connection

/** Resident memory once garbage collection has come to rest, in bytes; throws when it has not after 40 s. */
export async function settledResidentBytes(pid: number): Promise<number> {
  const readings: number[] = [];
  for (const start = performance.now(); performance.now() - start < timeoutMs; await sleep(everyMs)) {
    readings.push(readResidentBytes(pid));
    const last = readings.slice(-settledReadings);
    if (last.length === settledReadings && isSettled(last, tolerance)) return median(last);
  }
  const recent = readings.slice(-settledReadings).map((bytes) => (bytes / 1e6).toFixed(1));
  throw new Error(
    `memory has not settled within ${timeoutMs / 1000} s: last readings ${recent.join(" ")} MB`,
  );
}

/** Whether no reading is further than `tolerance` (a fraction) from the median. */
export function isSettled(readings: readonly number[], tolerance: number): boolean {
  const middle = median(readings);
  return readings.every((reading) => Math.abs(reading - middle) <= tolerance * middle);
}
