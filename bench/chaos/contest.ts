import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { waitUntilServing } from "../rig/ask.ts";
import { freePort } from "../rig/ports.ts";
import { startProcess, type Running } from "../rig/processes.ts";
import type { Contestant } from "./contestants.ts";
import type { ChaosFault } from "./faults.ts";
import { SteadyLoad } from "./load.ts";
import { Origin } from "./origins.ts";
import type { Place } from "./network.ts";
import { PacketWatch } from "./packet-watch.ts";
import { summariseTrial, type Trial } from "./trial.ts";

/** How long the parts of a trial take, and what is sent meanwhile. */
export interface Pace {
  wellMs: number;
  badMs: number;
  againMs: number;
  getsPerSecond: number;
  postsPerSecond: number;
  patienceMs: number;
}

/** Starts a proxy before the origins, and ends it. */
export async function startContestant(
  contestant: Contestant,
  folder: string,
  places: readonly Place[],
  cores: string,
): Promise<{ process: Running; port: number; stop: () => Promise<void> }> {
  const own = join(folder, contestant.name.replaceAll(/\W+/g, "-"));
  mkdirSync(own, { recursive: true });
  const port = await freePort();
  const plan = contestant.plan({ folder: own, port, places });
  for (const [name, text] of Object.entries(plan.files)) writeFileSync(join(own, name), text);
  const process = startProcess(contestant.name, plan.command, cores, join(own, "output"));
  const stop = (): Promise<void> => process.stop(plan.stopTimeoutMs);
  try {
    const url = `http://127.0.0.1:${port}/item/0`;
    await waitUntilServing(process, { url }, undefined, plan.startTimeoutMs);
  } catch (error) {
    await stop();
    throw error;
  }
  return { process, port, stop };
}

/** Origins, all well at first. */
export class Stage {
  readonly origins: readonly Origin[];
  private readonly file: string;

  private constructor(origins: readonly Origin[], file: string) {
    this.origins = origins;
    this.file = file;
  }

  static async set(places: readonly Place[], folder: string): Promise<Stage> {
    const file = join(folder, "posts");
    writeFileSync(file, "");
    const origins = places.map((place) => new Origin(place, file));
    await Promise.all(origins.map((origin) => origin.start()));
    return new Stage(origins, file);
  }

  get places(): readonly Place[] {
    return this.origins.map(({ place }) => place);
  }

  /** POSTs that came to an origin more than once so far. */
  countRepeatedPosts(): number {
    const ids = readFileSync(this.file, "utf8").split("\n").filter(Boolean);
    return ids.length - new Set(ids).size;
  }

  async strike(): Promise<void> {
    await Promise.all(this.origins.map((origin) => origin.kill()));
  }
}

/**
 * One proxy under one fault of one origin of several: well, bad, well again, under steady load all the time. Null for
 * the origin: the one that the proxy likes best, where that can be seen.
 */
export async function runTrial(
  stage: Stage,
  chosen: Origin | null,
  fault: ChaosFault,
  port: number,
  pace: Pace,
  whileBad: () => Promise<void> = async () => {},
): Promise<Trial> {
  const { getsPerSecond, postsPerSecond, patienceMs } = pace;
  const repeatedBefore = stage.countRepeatedPosts();
  const load = new SteadyLoad({ port, getsPerSecond, postsPerSecond, patienceMs });
  const watch = watchPackets(stage, () => load.nowMs());
  await sleep(pace.wellMs);
  const beganMs = watch?.sample() ?? load.nowMs();
  const at = chosen === null ? (watch?.mostAsked() ?? 0) : stage.origins.indexOf(chosen);
  const origin = stage.origins[at]!;
  await fault.begin(origin);
  await Promise.all([sleep(pace.badMs), whileBad()]);
  const endedMs = load.nowMs();
  await fault.end(origin);
  await sleep(pace.againMs);
  watch?.stop();
  const outcomes = await load.stop();
  return summariseTrial({
    outcomes,
    beganMs,
    endedMs,
    avoidedMs: fault.isSeenBy !== "nobody" ? watch?.avoidedAfterMs(at, beganMs, endedMs) : undefined,
    repeatedPosts: stage.countRepeatedPosts() - repeatedBefore,
  });
}

/** Null: packets cannot be seen. */
function watchPackets({ places }: Stage, nowMs: () => number): PacketWatch | null {
  const links = places.flatMap(({ link }) => link ?? []);
  if (links.length < places.length) return null;
  return new PacketWatch(() => links.map((link) => link.packetsTo()), nowMs);
}
