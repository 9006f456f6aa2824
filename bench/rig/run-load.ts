import { spawn } from "node:child_process";
import type { Command } from "./processes.ts";
import { h2loadCommand, parseH2loadOutput } from "./h2load.ts";
import { requireTool } from "./tools.ts";
import { parseWrkOutput, wrkCommand } from "./wrk.ts";
import type { Load, LoadResult } from "./load.ts";

const generators = {
  wrk: { command: wrkCommand, parse: parseWrkOutput },
  h2load: { command: h2loadCommand, parse: parseH2loadOutput },
};

/** Runs a load generator with one thread. `stop()` ends it early, after which the result is refused. */
export function runLoad(load: Load): { result: Promise<LoadResult>; stop: () => void } {
  const generator = generators[load.generator];
  const command: Command = generator.command(load);
  const argv = ["-c", load.cores, ...command.argv];
  const child = spawn(requireTool("taskset"), argv, { stdio: ["ignore", "pipe", "pipe"] });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
  const killOnExit = (): void => void child.kill("SIGKILL");
  process.once("exit", killOnExit);
  const result = new Promise<LoadResult>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => {
      process.off("exit", killOnExit);
      const output = Buffer.concat(chunks).toString();
      const parsed = generator.parse(output);
      if (parsed === undefined)
        reject(new Error(`${load.generator} gave no result: ${output.trim().slice(0, 300)}`));
      else resolve(parsed);
    });
  });
  result.catch(() => {}); // it may fail before its caller gets to await it
  return { result, stop: killOnExit };
}
