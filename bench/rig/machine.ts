import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import { findTool, toolVersion } from "./tools.ts";

/** What a figure depends on, printed above every table. */
export interface Machine {
  cpu: string;
  cores: number;
  memoryGiB: number;
  kernel: string;
  load1: number;
  versions: Record<string, string>;
}

/** Which cores do what, as taskset lists. */
export interface Cores {
  proxy: string;
  load: string;
  all: string;
}

export function readMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    load1: loadavg()[0] ?? 0,
    versions: {
      node: process.version.slice(1),
      nginx: toolVersion("nginx", "-v"),
      haproxy: toolVersion("haproxy", "-v"),
      caddy: toolVersion("caddy", "version"),
      wrk: toolVersion("wrk", "-v"),
      h2load: toolVersion("h2load", "--version"),
    },
  };
}

/** The first allowed core for the proxy, the second for load generator, upstream and this process. */
export function assignCores(): Cores {
  const allowed = parseCoreList(
    /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0",
  );
  const [proxy, load] = allowed;
  if (proxy === undefined || load === undefined) {
    throw new Error("needs two cores: one for the proxy, one for load and upstream");
  }
  return { proxy: String(proxy), load: String(load), all: `${proxy},${load}` };
}

/** Moves this process, all its threads, to the load's cores, so that it never runs where the proxy does. */
export function pinSelf(cores: string): void {
  const taskset = findTool("taskset");
  if (taskset === undefined) throw new Error("taskset is not installed: install the package util-linux");
  execFileSync(taskset, ["-a", "-p", "-c", cores, String(process.pid)], { stdio: "ignore" });
}

/** "0-2,5" → [0, 1, 2, 5] */
function parseCoreList(list: string): number[] {
  return list.split(",").flatMap((part) => {
    const [first = NaN, last = first] = part.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

/** The machine in two lines of text. */
export function describeMachine(machine: Machine): string {
  const { cpu, cores, memoryGiB, kernel, load1, versions } = machine;
  const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB, Linux ${kernel}, load ${load1.toFixed(2)} at the start\n${names.join(", ")}`;
}
