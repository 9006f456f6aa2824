import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { heddleResources, resiliencePolicy, toYaml } from "./heddle-resources.ts";
import type { Plan, Proxy, Setup } from "./proxy.ts";

export interface HeddleOptions {
  name: string;
  workers: number;
  hasLog: boolean;
  /** folder of a built package; undefined: the sources of this repository */
  builtFolder?: string | undefined;
  /** address of the API, which serves `/metrics` */
  apiPort: number;
  /** extra arguments for node, such as --cpu-prof */
  nodeFlags?: readonly string[] | undefined;
  /** file names that `-f` is given, instead of the one with the generated resources */
  configFiles?: readonly string[];
  /** adds a TrafficPolicy with all that watches over endpoints; default false */
  isResilient?: boolean;
}

const root = resolve(import.meta.dirname, "../../..");

/** Heddle as built, metrics on, its data plane in worker threads of the one process. */
export function makeHeddle(options: HeddleOptions): Proxy {
  return { name: options.name, needs: [], plan: (setup) => plan(options, setup) };
}

function plan(options: HeddleOptions, setup: Setup): Plan {
  const { folder } = setup;
  const files: Record<string, string> = {};
  if (options.configFiles === undefined)
    files["gateway.yaml"] = toYaml([
      ...heddleResources(setup),
      ...(options.isResilient ? [resiliencePolicy] : []),
      ...(setup.guard?.resources ?? []),
    ]);
  const configFiles = options.configFiles ?? [join(folder, "gateway.yaml")];
  const logFile = join(folder, "access.log");
  const run = ["run", "--workers", String(options.workers), "--api", `127.0.0.1:${options.apiPort}`];
  run.push("--state", join(folder, "state"));
  for (const file of configFiles) run.push("-f", file);
  // The combined format, which nginx writes too: the peers do equal work.
  if (options.hasLog) run.push("--access-log", logFile, "--access-log-format", "common");
  return {
    command: { argv: [findNode(), ...(options.nodeFlags ?? []), findBin(options.builtFolder), ...run] },
    files,
    ...(options.hasLog ? { logFile } : {}),
    startTimeoutMs: 60_000,
    // a profile is written at a clean end only, and writing it takes its time
    stopTimeoutMs: options.nodeFlags?.length ? 20_000 : 3000,
  };
}

/** The repository's pinned node, not the machine's own. */
function findNode(): string {
  const pinned = join(root, "node_modules/.bin/node");
  return existsSync(pinned) ? pinned : process.execPath;
}

function findBin(builtFolder: string | undefined): string {
  const folder = builtFolder === undefined ? join(root, "packages/heddle") : resolve(builtFolder);
  const bin = join(folder, "bin/heddle.js");
  if (!existsSync(bin)) throw new Error(`heddle is not there: no file ${bin}`);
  return bin;
}
