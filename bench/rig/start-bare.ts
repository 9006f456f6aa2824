import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { waitUntilServing } from "./ask.ts";
import { freePort } from "./ports.ts";
import { startProcess, type Running } from "./processes.ts";
import { makeHeddle } from "./proxies/heddle.ts";

export interface BareOptions {
  folder: string;
  cores: string;
  configFiles: readonly string[];
  builtFolder: string | undefined;
}

/** Starts Heddle on somebody's own configuration, whose listeners we do not know: ready when `/readyz` says so. */
export async function startBareHeddle(
  options: BareOptions,
): Promise<{ process: Running; stop: () => Promise<void> }> {
  const { folder, configFiles, builtFolder } = options;
  mkdirSync(folder, { recursive: true });
  const apiPort = await freePort();
  const proxy = makeHeddle({ name: "heddle", workers: 1, hasLog: true, builtFolder, apiPort, configFiles });
  const plan = proxy.plan({ folder, port: 0, upstreamPort: 0, tls: undefined, routes: 1 });
  const process = startProcess("heddle", plan.command, options.cores, join(folder, "output"));
  await waitUntilServing(
    process,
    { url: `http://127.0.0.1:${apiPort}/readyz` },
    undefined,
    plan.startTimeoutMs,
  );
  return { process, stop: () => process.stop() };
}
