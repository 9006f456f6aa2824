import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  isH2Downstream,
  isH2Upstream,
  makeGuard,
  measureWindow,
  startProxy,
  warmUp,
  type Cores,
  type Guard,
  type Load,
  type Proxy,
  type Serving,
  type Upstream,
  type Window,
} from "../rig/index.ts";
import type { Case } from "./cases.ts";
import type { Options } from "./options.ts";

/** What became of one proxy in one case. */
export interface Row {
  case: string;
  proxy: string;
  windows: Window[];
  /** why the row does not count; empty when it does */
  problems: string[];
}

export interface Bench {
  folder: string;
  cores: Cores;
  upstream: Upstream;
  tls: { certificateFile: string; keyFile: string };
  options: Options;
  /** called once per row after its rounds, while the proxy still serves */
  afterRounds: (its: Case, row: Row, serving: Serving, load: Load) => Promise<void>;
  say: (text: string) => void;
}

/** Who takes part in a case. */
export interface Contestant {
  proxy: Proxy;
  /** how its row is called */
  name: string;
  /** what it is set up for and asked: the case's own, or `plain`, to compare with in the same rounds */
  does: Case;
}

interface Entry {
  row: Row;
  serving: Serving;
  load: Load;
}

/**
 * Starts every proxy of a case, warms each up, then measures them in turn, round after round (A B C, A B C …), so
 * that what drifts on the machine drifts for all. A proxy that fails takes its own row out and no other.
 */
export async function runCase(bench: Bench, its: Case, contestants: readonly Contestant[]): Promise<Row[]> {
  const rows: Row[] = contestants.map(({ name }) => ({
    case: its.name,
    proxy: name,
    windows: [],
    problems: [],
  }));
  const entries: Entry[] = [];
  const callers = its.guard && makeGuard(its.guard);
  try {
    for (const [i, contestant] of contestants.entries()) {
      const row = rows[i] as Row;
      await guard(
        bench,
        row,
        async () => void entries.push(await startEntry(bench, its.name, contestant, row, callers)),
      );
    }
    for (let round = 1; round <= bench.options.rounds; round++) {
      bench.say(`${its.name}: round ${round} of ${bench.options.rounds}`);
      for (const entry of entries) await measureEntry(bench, its, entry);
    }
    for (const { row, serving, load } of entries) {
      await guard(bench, row, () => bench.afterRounds(its, row, serving, load));
    }
  } finally {
    await Promise.all(entries.map(({ serving }) => serving.stop()));
  }
  return rows;
}

async function startEntry(
  bench: Bench,
  caseName: string,
  { proxy, name, does: its }: Contestant,
  row: Row,
  callers: Guard | undefined,
): Promise<Entry> {
  const { cores, options, upstream } = bench;
  const folder = join(bench.folder, caseName, name.replaceAll(/\W+/g, "-"));
  mkdirSync(folder, { recursive: true });
  const { path, method, bodyBytes, connections, carries, streams, closes } = its;
  const guard = its.guard && callers;
  bench.say(`${caseName}: starting ${name}`);
  const serving = await startProxy(proxy, {
    folder,
    routes: its.routes,
    path,
    method,
    bodyBytes,
    expectBytes: its.expectBytes,
    cores: its.comparesWorkers ? cores.all : cores.proxy,
    upstreamPort: isH2Upstream(carries) ? upstream.h2Port : upstream.port,
    carries,
    tls: its.isTls ? bench.tls : undefined,
    guard,
  });
  const { url } = serving;
  const loadCores = its.comparesWorkers ? cores.all : cores.load;
  const load: Load = {
    generator: isH2Downstream(carries) ? "h2load" : "wrk",
    url,
    method,
    bodyBytes,
    isGrpc: carries === "grpc",
    connections,
    streams,
    closes,
    header: guard?.header,
    seconds: options.seconds,
    cores: loadCores,
    folder,
  };
  try {
    await warmUp({ ...load, seconds: options.warmUpSeconds });
    await serving.assertLogged();
    serving.truncateLog();
  } catch (error) {
    await serving.stop();
    throw error;
  }
  return { row, serving, load };
}

async function measureEntry(bench: Bench, its: Case, { row, serving, load }: Entry): Promise<void> {
  if (row.problems.length > 0) return; // its row is lost already
  await guard(bench, row, async () => {
    const proxyCore = its.comparesWorkers ? undefined : bench.cores.proxy;
    const window = await measureWindow(serving, bench.upstream, load, proxyCore);
    serving.truncateLog();
    row.windows.push(window);
    row.problems.push(...window.problems);
  });
}

/** A step that throws takes the row out; what it said goes to the reader now, its first line into the table. */
async function guard(bench: Bench, row: Row, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    bench.say(`${row.case}: ${row.proxy} failed: ${message}`);
    row.problems.push(message.split("\n")[0] ?? "");
  }
}
