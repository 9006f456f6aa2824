import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { requireTool, runLoad, type Load, type Serving } from "../rig/index.ts";

/** Flags that make node write a profile per thread at its end, one folder per case. */
export function cpuProfileFlags(folder: string, caseName: string): string[] {
  const itsFolder = join(folder, caseName);
  mkdirSync(itsFolder, { recursive: true });
  return ["--cpu-prof", `--cpu-prof-dir=${itsFolder}`];
}

/** Flags that name JavaScript frames in perf's report, by a map file that node writes to /tmp. */
export const perfFlags: readonly string[] = ["--perf-basic-prof"];

/**
 * Records a proxy under load for `load.seconds` (all threads, 999 samples a second, call graphs) and writes
 * `<case>.perf.data` and its flat report `<case>.perf.txt` into the folder. Returns the report's path.
 */
export async function recordPerf(
  caseName: string,
  serving: Serving,
  load: Load,
  folder: string,
): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const perf = requireTool("perf");
  const dataFile = join(folder, `${caseName}.perf.data`);
  const textFile = join(folder, `${caseName}.perf.txt`);
  const { pid } = serving.process;
  const running = runLoad({ ...load, seconds: load.seconds + 1 });
  await sleep(500);
  const record = ["record", "-q", "-F", "999", "-g", "-p", String(pid), "-o", dataFile];
  await finished(perf, [...record, "--", "sleep", String(load.seconds)]);
  await running.result;
  const report = [
    "report",
    "-i",
    dataFile,
    "--stdio",
    "--no-children",
    "-g",
    "none",
    "--percent-limit",
    "0.3",
  ];
  const stdio: ["ignore", "pipe", "ignore"] = ["ignore", "pipe", "ignore"];
  const text = execFileSync(perf, report, { maxBuffer: 64 * 1024 * 1024, stdio, encoding: "utf8" });
  writeFileSync(textFile, text.replaceAll(/[ .]+$/gm, "")); // perf pads every line to its longest symbol
  rmSync(`/tmp/perf-${pid}.map`, { force: true });
  return textFile;
}

function finished(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "inherit"] });
  const killOnExit = (): void => void child.kill("SIGKILL");
  process.once("exit", killOnExit);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      process.off("exit", killOnExit);
      if (code === 0) resolve();
      else reject(new Error(`${command} ended with exit code ${code}`));
    });
  });
}
