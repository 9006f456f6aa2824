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
  /** More arguments of `heddle run`. Without `--workers` it has one: a test of several says how many. */
  args?: readonly string[];
  /** More environment. */
  env?: Record<string, string>;
  /** What is run, with its first arguments. Default: this Node with the launcher of the checkout. */
  command?: readonly string[];
  /**
   * Runs with `--replace` in place of this one: with its ports, folders and API. `files` and `ports` are not looked at. It
   * is ready when it says that it is up.
   */
  replaces?: RunningHeddle<Port>;
  /** Default 60 s: a busy machine starts slowly. */
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

/** A heddle that starts needs the processor more than who asks it whether it is ready. */
const READY_POLL_MS = 25;

const launcher = path.join(import.meta.dirname, "../heddle/bin/heddle.js");

/**
 * Starts `heddle run` on free ports with a state folder of its own, and waits until `/readyz` answers 200.
 * Rejects with what it printed when it ends first or takes too long. The folders vanish when it ends.
 */
export async function startHeddle<Port extends string = "http">(
  options: StartHeddleOptions<Port> = {},
): Promise<RunningHeddle<Port>> {
  const { replaces } = options;
  const place = replaces === undefined ? await makePlace(options) : takePlace(replaces);
  const { apiPort, ports, configFolder, stateFolder, hasFiles } = place;
  const names = Object.keys(ports) as Port[];

  const [command = process.execPath, ...first] = options.command ?? [process.execPath, launcher];
  const args = ["run", "--api", `127.0.0.1:${apiPort}`, "--state", stateFolder];
  if (hasFiles) args.push("-f", configFolder);
  if (replaces !== undefined) args.push("--replace");
  args.push(...(options.args ?? []));
  if (!args.includes("--workers")) args.push("--workers", "1");
  const child = spawn(command, [...first, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...options.env },
  });
  const output = collectOutput(child);
  const ended = endOf(child).finally(() => leavePlace(place));
  const api = `http://127.0.0.1:${apiPort}`;
  const isUp = replaces === undefined ? () => isReady(api) : () => output.stdout !== "";
  await waitUntilUp(isUp, child, ended, output, options.readyTimeoutMs ?? 60_000);

  const stop = async (timeoutMs = 20_000) => {
    child.kill("SIGTERM");
    if (await endsWithin(ended, timeoutMs)) return ended;
    child.kill("SIGKILL");
    await ended;
    throw new Error(`heddle did not stop within ${timeoutMs} ms of SIGTERM; it printed:\n${output.text()}`);
  };
  const running: RunningHeddle<Port> = {
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
  places.set(running, place);
  return running;
}

/** What a heddle has to itself, or takes over from the one before. */
interface Place<Port extends string> {
  readonly apiPort: number;
  readonly ports: Record<Port, number>;
  readonly folder: string;
  readonly configFolder: string;
  readonly stateFolder: string;
  readonly hasFiles: boolean;
  /** Processes that have it: the folders vanish with the last one. */
  users: number;
}

const places = new WeakMap<object, Place<string>>();

async function makePlace<Port extends string>(options: StartHeddleOptions<Port>): Promise<Place<Port>> {
  const names = options.ports ?? (["http"] as Port[]);
  const [apiPort = 0, ...free] = await findFreePorts(names.length + 1);
  const ports = Object.fromEntries(names.map((name, at) => [name, free[at] ?? 0])) as Record<Port, number>;
  const folder = mkdtempSync(path.join(tmpdir(), "heddle-test-"));
  const configFolder = path.join(folder, "config");
  const files = options.files?.(ports);
  writeFiles(configFolder, files ?? {});
  const stateFolder = path.join(folder, "state");
  return { apiPort, ports, folder, configFolder, stateFolder, hasFiles: files !== undefined, users: 1 };
}

function takePlace<Port extends string>(running: RunningHeddle<Port>): Place<Port> {
  const place = places.get(running) as Place<Port>;
  place.users++;
  return place;
}

function leavePlace(place: Place<string>): void {
  place.users--;
  if (place.users === 0) rmSync(place.folder, { recursive: true, force: true });
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

async function isReady(api: string): Promise<boolean> {
  const signal = AbortSignal.timeout(1000);
  const answer = await fetch(`${api}/readyz`, { signal }).catch(() => undefined);
  await answer?.body?.cancel();
  return answer?.status === 200;
}

async function waitUntilUp(
  isUp: () => boolean | Promise<boolean>,
  child: ChildProcess,
  ended: Promise<ProcessEnd>,
  output: Output,
  timeoutMs: number,
): Promise<void> {
  let end: ProcessEnd | undefined;
  void ended.then((result) => (end = result));
  const cameUp = await becomesTrue(() => end !== undefined || isUp(), timeoutMs, READY_POLL_MS);
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
