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
  const { folder, cores, configFiles, builtFolder } = options;
  mkdirSync(folder, { recursive: true });
  const apiPort = await freePort();
  const proxy = makeHeddle({ name: "heddle", workers: 1, hasLog: true, builtFolder, apiPort, configFiles });
  const plan = proxy.plan({ folder, port: 0, upstreamPort: 0, carries: "http1", tls: undefined, routes: 1 });
  const process = startProcess("heddle", plan.command, cores, join(folder, "output"));
  const stop = (): Promise<void> => process.stop();
  const question = { url: `http://127.0.0.1:${apiPort}/readyz` };
  try {
    await waitUntilServing(process, question, undefined, plan.startTimeoutMs);
  } catch (error) {
    await stop();
    throw error;
  }
  return { process, stop };
}
