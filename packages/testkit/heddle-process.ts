import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { becomesTrue } from "./leaks.ts";
import { findFreePorts } from "./open-port.ts";

export interface StartHeddleOptions<Port extends string = "http"> {
  /** A free port is found for each name. Default `http`. */
  ports?: readonly Port[];
  /** Configuration files by name, made with the ports; they are written to a folder that is given as `-f`. */
  files?: (ports: Record<Port, number>) => Record<string, string>;
  /** More arguments of `heddle run`. */
  args?: readonly string[];
  /** More environment. */
  env?: Record<string, string>;
  /** What is run, with its first arguments. Default: this Node with the launcher of the checkout. */
  command?: readonly string[];
  /** Default 30 s: a busy machine starts slowly. */
  readyTimeoutMs?: number;
}

/** How a process ended. */
export interface ProcessEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** `heddle run`, ready, as a process of its own. */
export interface RunningHeddle<Port extends string = "http"> {
  pid: number;
  ports: Record<Port, number>;
  /** `http://127.0.0.1:PORT` of each named port. */
  urls: Record<Port, string>;
  /** Address of the API and of `/readyz`, `/metrics`. */
  api: string;
  /** The folder that was given as `-f`; rewriting a file in it is a change of configuration. */
  configFolder: string;
  stateFolder: string;
  /** All that it printed so far. */
  stdout(): string;
  stderr(): string;
  /** Settles when the process ends, by itself or by `stop`. */
  ended: Promise<ProcessEnd>;
  kill(signal: NodeJS.Signals): void;
  /** Reads no more of what it prints, as a reader that has ended. */
  closeOutput(): void;
  /** SIGTERM, then waits for the end; rejects when that takes longer than `timeoutMs` (10 s), after a SIGKILL. */
  stop(timeoutMs?: number): Promise<ProcessEnd>;
  [Symbol.asyncDispose](): Promise<void>;
}

const launcher = path.join(import.meta.dirname, "../heddle/bin/heddle.js");

/**
 * Starts `heddle run` on free ports with a state folder of its own, and waits until `/readyz` answers 200.
 * Rejects with what it printed when it ends first or takes too long. The folders vanish when it ends.
 */
export async function startHeddle<Port extends string = "http">(
  options: StartHeddleOptions<Port> = {},
): Promise<RunningHeddle<Port>> {
  const names = options.ports ?? (["http"] as Port[]);
  const [apiPort = 0, ...free] = await findFreePorts(names.length + 1);
  const ports = Object.fromEntries(names.map((name, at) => [name, free[at] ?? 0])) as Record<Port, number>;
  const folder = mkdtempSync(path.join(tmpdir(), "heddle-test-"));
  const configFolder = path.join(folder, "config");
  const stateFolder = path.join(folder, "state");
  const files = options.files?.(ports);
  writeFiles(configFolder, files ?? {});

  const [command = process.execPath, ...first] = options.command ?? [process.execPath, launcher];
  const args = ["run", "--api", `127.0.0.1:${apiPort}`, "--state", stateFolder];
  if (files) args.push("-f", configFolder);
  const child = spawn(command, [...first, ...args, ...(options.args ?? [])], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...options.env },
  });
  const output = collectOutput(child);
  const ended = endOf(child).finally(() => rmSync(folder, { recursive: true, force: true }));
  const api = `http://127.0.0.1:${apiPort}`;
  await waitUntilReady(api, child, ended, output, options.readyTimeoutMs ?? 30_000);

  const stop = async (timeoutMs = 20_000) => {
    child.kill("SIGTERM");
    if (await endsWithin(ended, timeoutMs)) return ended;
    child.kill("SIGKILL");
    await ended;
    throw new Error(`heddle did not stop within ${timeoutMs} ms of SIGTERM; it printed:\n${output.text()}`);
  };
  return {
    pid: child.pid ?? 0,
    ports,
    urls: Object.fromEntries(names.map((name) => [name, `http://127.0.0.1:${ports[name]}`])) as Record<
      Port,
      string
    >,
    api,
    configFolder,
    stateFolder,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    ended,
    kill: (signal) => void child.kill(signal),
    closeOutput() {
      child.stdout.destroy();
      child.stderr.destroy();
    },
    stop,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) await stop();
      else await ended;
    },
  };
}

function writeFiles(folder: string, files: Record<string, string>): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

interface Output {
  stdout: string;
  stderr: string;
  text(): string;
}

function collectOutput(child: ChildProcess): Output {
  const output: Output = { stdout: "", stderr: "", text: () => `${output.stdout}${output.stderr}`.trimEnd() };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
  return output;
}

/** The end of a child, which a failing test takes with it: nothing is left running after the test's process. */
function endOf(child: ChildProcess): Promise<ProcessEnd> {
  const killOnExit = () => child.kill("SIGKILL");
  process.once("exit", killOnExit);
  return new Promise((resolve) => {
    const finish = (code: number | null, signal: NodeJS.Signals | null) => {
      process.off("exit", killOnExit);
      resolve({ code, signal });
    };
    child.on("error", () => finish(127, null));
    child.on("close", finish);
  });
}

async function waitUntilReady(
  api: string,
  child: ChildProcess,
  ended: Promise<ProcessEnd>,
  output: Output,
  timeoutMs: number,
): Promise<void> {
  let end: ProcessEnd | undefined;
  void ended.then((result) => (end = result));
  const isReady = async () => {
    if (end) return true;
    const signal = AbortSignal.timeout(1000);
    const answer = await fetch(`${api}/readyz`, { signal }).catch(() => undefined);
    await answer?.body?.cancel();
    return answer?.status === 200;
  };
  const cameUp = await becomesTrue(isReady, timeoutMs);
  if (end) {
    const how = end.signal ?? `exit code ${end.code}`;
    throw new Error(`heddle ended with ${how} before it was ready; it printed:\n${output.text()}`);
  }
  if (cameUp) return;
  child.kill("SIGKILL");
  await ended;
  throw new Error(`heddle was not ready within ${timeoutMs} ms; it printed:\n${output.text()}`);
}

async function endsWithin(ended: Promise<ProcessEnd>, timeoutMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), timeoutMs);
  void ended.then(() => resolve(true));
  const hasEnded = await promise;
  clearTimeout(timer);
  return hasEnded;
}
