import { spawn, type ChildProcess } from "node:child_process";
import { chmodSync, mkdtempSync, openSync, closeSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { requireTool } from "./tools.ts";

/** A process that a bench started: nothing is ever signalled but these and their descendants. */
export interface Running {
  pid: number;
  name: string;
  /** stdout and stderr, for the error text when it does not come up */
  outputFile: string;
  isRunning: () => boolean;
  /** SIGTERM, then SIGKILL to whatever is left of the tree after `graceMs` (default 3 s). */
  stop: (graceMs?: number) => Promise<void>;
}

export interface Command {
  argv: readonly string[];
  env?: Readonly<Record<string, string>>;
}

const running = new Set<{ child: ChildProcess; tree: Set<number> }>();
const folders = new Set<string>();

/** Starts a command pinned to `cores` (taskset list such as "0" or "0,1"), its output in a file. */
export function startProcess(name: string, command: Command, cores: string, outputFile: string): Running {
  const output = openSync(outputFile, "w");
  const argv = ["-c", cores, ...command.argv];
  // taskset replaces itself by the command, so the child's pid is the command's own
  const child = spawn(requireTool("taskset"), argv, {
    env: { ...cleanEnvironment(), ...command.env },
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  child.on("error", () => {}); // a failed spawn shows as "not running" to whoever waits for it
  const entry = { child, tree: new Set<number>() };
  running.add(entry);
  const isRunning = (): boolean =>
    child.exitCode === null && child.signalCode === null && child.pid !== undefined;
  const stop = async (graceMs = 3000): Promise<void> => {
    rememberTree(entry);
    if (isRunning()) child.kill("SIGTERM");
    const deadline = performance.now() + graceMs;
    while (performance.now() < deadline && [...entry.tree].some(isAlive)) await sleep(20);
    killTree(entry);
    running.delete(entry);
  };
  return { pid: child.pid ?? -1, name, outputFile, isRunning, stop };
}

/** A process and all its descendants, by the parent ids in /proc. */
export function processTree(root: number): number[] {
  const parentOf = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    const parent = Number.isInteger(pid) ? parentPid(pid) : undefined;
    if (parent !== undefined) parentOf.set(pid, parent);
  }
  const tree = [root];
  for (const parent of tree) {
    for (const [pid, its] of parentOf) if (its === parent) tree.push(pid);
  }
  return tree;
}

/** Last lines of a process's output, for an error text. */
export function tailOf(file: string, lines = 12): string {
  try {
    return readFileSync(file, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
  } catch {
    return "";
  }
}

/** A temporary folder, removed when the bench ends, however it ends. */
export function makeTemporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "heddle-bench-"));
  chmodSync(folder, 0o755); // nginx's worker is another user when we are root; keys in it keep their own 0600
  folders.add(folder);
  return folder;
}

/** Call once: no way out of the bench (end, error, Ctrl-C, SIGTERM) leaves a process or a folder behind. */
export function cleanUpOnExit(): void {
  process.on("exit", () => {
    for (const entry of running) {
      rememberTree(entry);
      killTree(entry);
    }
    for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });
  process.once("SIGINT", () => process.exit(130));
  process.once("SIGTERM", () => process.exit(143));
  process.once("SIGHUP", () => process.exit(129));
}

/** What a benched process must not inherit from the shell or from npm: it would change what is measured. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const env = { ...process.env };
  for (const name of Object.keys(env)) {
    if (/^(npm_|NODE_|GO|HEDDLE_|UV_)/.test(name)) delete env[name];
  }
  return env;
}

function rememberTree(entry: { child: ChildProcess; tree: Set<number> }): void {
  const { child, tree } = entry;
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  for (const pid of processTree(child.pid)) tree.add(pid);
}

function killTree(entry: { tree: Set<number> }): void {
  for (const pid of entry.tree) {
    if (!isAlive(pid)) continue;
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // gone in this instant
    }
  }
}

function isAlive(pid: number): boolean {
  // a zombie still has an entry, but nothing left to stop
  const stat = readProc(`/proc/${pid}/stat`);
  return stat !== undefined && !/^\d+ \(.*\) Z /s.test(stat);
}

function parentPid(pid: number): number | undefined {
  const stat = readProc(`/proc/${pid}/stat`);
  // the name in brackets may hold spaces and brackets of its own: count from the last one
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields === undefined ? undefined : Number(fields[1]);
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
