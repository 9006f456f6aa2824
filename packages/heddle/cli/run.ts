import { Resolver } from "node:dns";
import { constants } from "node:os";
import path from "node:path";
import { Option, type Command } from "commander";
import { parseApiAddress } from "../api/index.ts";
import {
  defaultStateFolder,
  openHeddle,
  openProcessLog,
  startReport,
  type Heddle,
  TakeOver,
  type HeddleOptions,
  type RunningProcess,
} from "../app/index.ts";
import { parseAddressPool, type AddressPool } from "../compile/index.ts";
import { parseRouteFlags, readRoutes } from "../sources/index.ts";
import { exitCodes, UsageError } from "./exit-codes.ts";
import {
  assertPathsExist,
  collect,
  defaultPort,
  nodeOption,
  outputOption,
  parsePort,
  pathsOrDefault,
  wholeNumber,
  zoneOption,
} from "./options.ts";
import { printStart } from "./print-start.ts";
import type { Terminal } from "./terminal.ts";
import { version } from "./version.ts";

interface RunFlags {
  readonly file?: string[];
  readonly route?: string[];
  readonly port: number;
  readonly addressPool?: string;
  readonly workers?: number;
  readonly zone: string;
  readonly node: string;
  readonly dnsServer?: string[];
  readonly api: string;
  readonly store: string;
  readonly state?: string;
  readonly replace?: "running" | "if-running";
  readonly accessLog?: string;
  readonly accessLogFormat: "json" | "common";
  readonly drain: number;
  readonly logFormat?: "text" | "json";
  readonly output: "text" | "json";
}

export function addRun(program: Command, terminal: Terminal, finish: (code: number) => void): void {
  program
    .command("run")
    .summary("run the gateway and its API in this process")
    .description(
      "Runs the gateway and its API. Files and folders are watched: a change is in force without a restart.\n" +
        "Without -f, a heddle.config.ts of the current folder is used where there is one.",
    )
    .option(
      "-f, --file <PATH>",
      "configuration: a YAML or JSON file, a folder, a heddle.config.ts; repeatable",
      collect,
    )
    .option("--route <HOST/PATH=URL>", "serve HOST/PATH from URL; repeatable", collect)
    .option("--port <PORT>", "the listener of --route", parsePort, defaultPort)
    .option("--address-pool <CIDR>", "give each Gateway an address of its own, such as of 127.80.0.0/16")
    .option(
      "--workers <N>",
      "data-plane threads, 0 for none of their own (default: one a processor)",
      wholeNumber(0, 256),
    )
    .addOption(zoneOption())
    .addOption(nodeOption())
    .option(
      "--dns-server <ADDRESS[:PORT]>",
      "asked for the addresses of backends' names; repeatable (default: those of the system)",
      collect,
    )
    .option("--api <ADDRESS:PORT>", "API, metrics, health and status page; loopback only", "127.0.0.1:9901")
    .addOption(new Option("--store <URL>", "where resources are kept").choices(["memory"]).default("memory"))
    .option(
      "--state <DIR>",
      "token and other state (default: $XDG_STATE_HOME/heddle or ~/.local/state/heddle)",
    )
    .addOption(
      new Option(
        "--replace [WHEN]",
        "take over from the heddle that runs with this state folder, without losing a request; if-running: start where none does",
      )
        .choices(["running", "if-running"])
        .preset("running"),
    )
    .option("--access-log <FILE>", "one line a request; - for standard output")
    .addOption(
      new Option("--access-log-format <FORMAT>", "of the access log")
        .choices(["json", "common"])
        .default("json"),
    )
    .option(
      "--drain <SECONDS>",
      "how long requests in flight may take at the end",
      wholeNumber(0, 86_400),
      30,
    )
    .addOption(
      new Option(
        "--log-format <FORMAT>",
        "of the process's log on standard error (default: text on a terminal)",
      ).choices(["text", "json"]),
    )
    .addOption(outputOption())
    .action(async (flags: RunFlags) => finish(await run(flags, terminal)));
}

async function run(flags: RunFlags, terminal: Terminal): Promise<number> {
  const options = await readFlags(flags);
  const signals = new RunSignals();
  try {
    const heddle = await openHeddle(options);
    // Standard output belongs to the access log where it goes there.
    const print = flags.accessLog === "-" ? { ...terminal, out: terminal.err } : terminal;
    printStart(startReport(version, heddle), flags.output, options.paths, print);
    await serve(heddle, signals, flags.drain * 1_000, options);
    return exitCodes.done;
  } finally {
    signals.close();
  }
}

async function findRunning(replace: RunFlags["replace"], stateFolder: string): Promise<TakeOver | null> {
  if (replace === undefined) return null;
  const takeOver = await TakeOver.find(stateFolder, { pid: process.pid, version });
  if (takeOver === null && replace === "running")
    throw new Error(
      `no heddle runs with the state folder ${stateFolder}: nothing to replace; start without --replace, or with --replace=if-running, or give the --state of the one that runs`,
    );
  return takeOver;
}

async function serve(
  heddle: Heddle,
  signals: RunSignals,
  drainMs: number,
  { log, takeOver }: HeddleOptions,
): Promise<void> {
  if (takeOver !== null) log("info", `took over from ${nameOf(takeOver.running)}, which drains`);
  signals.onHangup = () => {
    heddle.reopenLogs();
    log("info", "logs reopened");
  };
  const end = await Promise.race([signals.stop(), heddle.replaced]);
  const isReplaced = typeof end !== "string";
  const why = isReplaced ? `${nameOf(end)} has taken over` : end;
  if (isReplaced) signals.endAtNext();
  log(
    "info",
    `${why}: no new connections, requests in flight finish; ${isReplaced ? "SIGTERM" : "again"} to end at once`,
  );
  await heddle.drain(drainMs, isReplaced);
  await heddle.close();
}

const nameOf = ({ version: own, pid }: RunningProcess): string => `heddle ${own} (pid ${pid})`;

/**
 * The signals of a run:
 *
 *   starting ── SIGTERM, SIGINT ──→ ends at once, 128 + signal
 *   serving ── SIGTERM, SIGINT ──→ draining ── again ──→ ends at once, 128 + signal
 *   serving ── replaced ──→ draining ── SIGTERM, SIGINT ──→ ends at once, 128 + signal
 *   serving ── SIGHUP ──→ reopens logs
 */
class RunSignals {
  onHangup: () => void = () => {};
  private stopping: ((signal: NodeJS.Signals) => void) | null = null;
  private readonly onStop = (signal: NodeJS.Signals): void => {
    const { stopping } = this;
    this.stopping = null;
    if (stopping === null) process.exit(128 + constants.signals[signal]);
    stopping(signal);
  };
  private readonly onHup = (): void => this.onHangup();

  constructor() {
    process.on("SIGTERM", this.onStop).on("SIGINT", this.onStop).on("SIGHUP", this.onHup);
  }

  /** Resolves with the first signal that asks for the end. */
  stop(): Promise<NodeJS.Signals> {
    return new Promise((resolve) => (this.stopping = resolve));
  }

  /** It is draining without a signal. */
  endAtNext(): void {
    this.stopping = null;
  }

  close(): void {
    process.off("SIGTERM", this.onStop).off("SIGINT", this.onStop).off("SIGHUP", this.onHup);
  }
}

async function readFlags(flags: RunFlags): Promise<HeddleOptions> {
  const paths = await pathsOrDefault(flags.file ?? []);
  await assertPathsExist(paths);
  const { accessLog, accessLogFormat: format } = flags;
  const stateFolder = path.resolve(flags.state ?? defaultStateFolder());
  return {
    version,
    paths,
    routes: readRouteFlags(flags.route ?? [], flags.port),
    port: flags.port,
    addressPool: readAddressPool(flags.addressPool),
    workers: flags.workers,
    zone: flags.zone,
    node: flags.node,
    dnsServers: readDnsServers(flags.dnsServer ?? []),
    api: readApi(flags.api),
    stateFolder,
    accessLog: accessLog === undefined ? null : { path: accessLog, format },
    log: openProcessLog(flags.logFormat),
    // Last: what is wrong with the flags is told before anybody is asked.
    takeOver: await findRunning(flags.replace, stateFolder),
  };
}

function readRouteFlags(flags: readonly string[], port: number): Record<string, string> {
  const { routes, mistakes } = parseRouteFlags(flags);
  const [mistake] = [...mistakes, ...readRoutes(routes, port, "--route").mistakes];
  if (mistake !== undefined) throw new UsageError(`--route ${mistake}`);
  return routes;
}

function readAddressPool(text: string | undefined): AddressPool | null {
  if (text === undefined) return null;
  const pool = parseAddressPool(text);
  if (pool === null)
    throw new UsageError(
      `--address-pool must be an IPv4 range from /8 to /30 such as 127.80.0.0/16, not ${text}`,
    );
  return pool;
}

function readDnsServers(servers: readonly string[]): readonly string[] {
  try {
    new Resolver().setServers(servers);
    return servers;
  } catch {
    throw new UsageError(
      `--dns-server must be an IP address with or without a port, such as 127.0.0.1:8600, not ${servers.join(", ")}`,
    );
  }
}

function readApi(text: string) {
  try {
    return parseApiAddress(text);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
