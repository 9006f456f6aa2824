import { setTimeout as sleep } from "node:timers/promises";
import { percentile } from "../rig/statistics.ts";
import { startContestant, Stage } from "./contest.ts";
import type { Contestant } from "./contestants.ts";
import { SteadyLoad } from "./load.ts";
import { makeLocalPlaces } from "./network.ts";

const ORIGINS = 10;
const ANSWER_MS = 20;
const SLOWER = 10;

/** Latencies behind one proxy with ten origins, of which one is ten times slower. */
export interface Balance {
  name: string;
  requests: number;
  failed: number;
  p50Ms: number;
  p90Ms: number;
  p99Ms: number;
}

export interface BalanceOptions {
  folder: string;
  cores: string;
  rate: number;
  warmUpMs: number;
  measureMs: number;
}

/** Measures one after the other, with the same origins. */
export async function measureBalance(
  contestants: readonly Contestant[],
  { folder, cores, rate, warmUpMs, measureMs }: BalanceOptions,
): Promise<Balance[]> {
  const places = await makeLocalPlaces(ORIGINS);
  const stage = await Stage.set(places, folder);
  const found: Balance[] = [];
  try {
    for (const origin of stage.origins) {
      const isSlow = origin === stage.origins.at(-1);
      await origin.tell({ delayMs: isSlow ? ANSWER_MS * SLOWER : ANSWER_MS });
    }
    for (const contestant of contestants) {
      const { port, stop } = await startContestant(contestant, folder, places, cores);
      const load = new SteadyLoad({
        port,
        getsPerSecond: rate,
        postsPerSecond: 0,
        patienceMs: 10_000,
        items: 1,
      });
      await sleep(warmUpMs + measureMs);
      const outcomes = (await load.stop()).filter(({ atMs }) => atMs >= warmUpMs);
      await stop();
      const took = outcomes.map(({ tookMs }) => tookMs);
      found.push({
        name: contestant.name,
        requests: outcomes.length,
        failed: outcomes.filter(({ failure }) => failure !== "").length,
        p50Ms: percentile(took, 0.5),
        p90Ms: percentile(took, 0.9),
        p99Ms: percentile(took, 0.99),
      });
    }
  } finally {
    await stage.strike();
  }
  return found;
}
