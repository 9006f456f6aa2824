import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { processTree } from "./processes.ts";

/** CPU time of each thread of a process tree so far, in nanoseconds, by thread id. */
export type ThreadTimes = ReadonlyMap<number, number>;

/** Time since boot that one core spent on anything, and stolen by the hypervisor, in nanoseconds. */
export interface CoreTimes {
  busyNs: number;
  stolenNs: number;
}

let tickNs: number | undefined;

/** Clock tick of /proc, in nanoseconds: 10 ms on every Linux of today, asked for all the same. */
function clockTickNs(): number {
  tickNs ??= 1e9 / Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
  return tickNs;
}

/** Reads schedstat (nanoseconds) of every thread, or the clock ticks of stat where the kernel has no schedstat. */
export function readThreadTimes(root: number): ThreadTimes {
  const times = new Map<number, number>();
  for (const pid of processTree(root)) {
    for (const tid of listThreads(pid)) {
      const ns = readThreadNs(pid, tid);
      if (ns !== undefined) times.set(tid, ns);
    }
  }
  return times;
}

/** CPU time between two readings. A thread that began in between counts whole; one that ended, not at all. */
export function cpuBetween(before: ThreadTimes, after: ThreadTimes): number {
  let total = 0;
  for (const [tid, ns] of after) total += ns - (before.get(tid) ?? 0);
  return total;
}

/** First field of /proc/…/schedstat: time on a CPU in nanoseconds. */
export function parseSchedstat(text: string): number | undefined {
  const value = Number(text.split(" ")[0]);
  return text.trim() !== "" && Number.isFinite(value) ? value : undefined;
}

/** utime + stime of /proc/…/stat, in ticks. */
export function parseStatTicks(text: string): number {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

/** Busy and stolen time of one core out of /proc/stat. */
export function parseCoreTimes(text: string, core: string, tick: number): CoreTimes {
  const line = text.split("\n").find((each) => each.startsWith(`cpu${core} `));
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (line ?? "")
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return { busyNs: (user + nice + system + irq + softirq) * tick, stolenNs: steal * tick };
}

export function readCoreTimes(core: string): CoreTimes {
  return parseCoreTimes(readFileSync("/proc/stat", "utf8"), core, clockTickNs());
}

/** Resident memory of a process tree in bytes. Pages shared by a master and its worker count twice. */
export function readResidentBytes(root: number): number {
  let kib = 0;
  for (const pid of processTree(root)) {
    const status = readOrUndefined(`/proc/${pid}/status`);
    kib += Number(/^VmRSS:\s+(\d+) kB/m.exec(status ?? "")?.[1] ?? 0);
  }
  return kib * 1024;
}

function readThreadNs(pid: number, tid: number): number | undefined {
  const schedstat = readOrUndefined(`/proc/${pid}/task/${tid}/schedstat`);
  const ns = schedstat === undefined ? undefined : parseSchedstat(schedstat);
  if (ns !== undefined) return ns;
  const stat = readOrUndefined(`/proc/${pid}/task/${tid}/stat`);
  return stat === undefined ? undefined : parseStatTicks(stat) * clockTickNs();
}

function listThreads(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return []; // ended between the listing and the look
  }
}

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
