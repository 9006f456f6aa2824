import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  assignCores,
  caddy,
  cleanUpOnExit,
  describeMachine,
  freePort,
  haproxy,
  installTools,
  makeCertificate,
  makeHeddle,
  makeTemporaryFolder,
  nginx,
  pinSelf,
  readMachine,
  smallJson,
  startBareHeddle,
  startProxy,
  startUpstream,
  warmUp,
  type Cores,
  type Load,
  type Proxy,
  type Serving,
  type Upstream,
} from "../rig/index.ts";
import { measureGrowth } from "./growth.ts";
import { openIdleConnections } from "./idle-connections.ts";
import { parseOptions, usage, type Options } from "./options.ts";
import { settledResidentBytes } from "./settle.ts";

/** Asked of Heddle, in the unit of each finding. */
const limits = { restMB: 120, plainKB: 12, tlsKB: 70, growth: 1.05 };

interface Finding {
  what: string;
  value: number;
  unit: string;
  limit: number;
}

interface Bench {
  folder: string;
  cores: Cores;
  upstream: Upstream;
  tls: { certificateFile: string; keyFile: string };
  options: Options;
}

const say = (text: string): void => console.error(text);

async function main(): Promise<void> {
  if (process.argv.includes("--help")) return console.log(usage);
  const options = parseOptions(process.argv.slice(2));
  cleanUpOnExit();
  installTools([
    "nginx",
    "wrk",
    "openssl",
    "taskset",
    ...(options.proxy === "heddle" ? [] : [options.proxy]),
  ]);
  const machine = readMachine();
  const cores = assignCores();
  pinSelf(cores.load);
  console.log(`${describeMachine(machine)}\nproxy: ${options.proxy}\n`);
  const folder = makeTemporaryFolder();
  const tls = { certificateFile: join(folder, "site.crt"), keyFile: join(folder, "site.key") };
  makeCertificate(tls.keyFile, tls.certificateFile);
  const bench = { folder, cores, upstream: await startUpstream(folder, cores.load), tls, options };
  const findings: Finding[] = [];
  const measures = {
    rest: [() => measureRest(bench)],
    idle: [() => measureIdle(bench, false), () => measureIdle(bench, true)],
    growth: [() => measureUnderLoad(bench)],
  };
  for (const part of options.parts) {
    for (const measure of measures[part]) await report(part, measure, findings);
  }
  await bench.upstream.process.stop();
  if (options.out !== undefined)
    writeFileSync(options.out, `${JSON.stringify({ machine, options, findings }, null, 2)}\n`);
}

/** A part that fails says so and makes the exit code 1; the others are measured all the same. */
async function report(part: string, measure: () => Promise<Finding>, findings: Finding[]): Promise<void> {
  say(`${part}: measuring`);
  try {
    const finding = await measure();
    findings.push(finding);
    console.log(describeFinding(finding));
  } catch (error) {
    console.log(`${part} failed: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}

async function measureRest(bench: Bench): Promise<Finding> {
  const { configFiles, builtFolder } = bench.options;
  const { folder, cores } = bench;
  const serving =
    configFiles.length === 0
      ? await startOne(bench, "rest", false)
      : await startBareHeddle({ folder: join(folder, "rest"), cores: cores.proxy, configFiles, builtFolder });
  const bytes = await settledResidentBytes(serving.process.pid).finally(() => serving.stop());
  return { what: "resident memory at rest", value: bytes / 1e6, unit: "MB", limit: limits.restMB };
}

async function measureIdle(bench: Bench, isTls: boolean): Promise<Finding> {
  const kind = isTls ? "tls" : "plain";
  const serving = await startOne(bench, kind, isTls);
  const bytes = await bytesPerIdle(bench, serving, isTls).finally(() => serving.stop());
  const limit = isTls ? limits.tlsKB : limits.plainKB;
  return { what: `per idle ${kind} connection`, value: bytes / 1e3, unit: "kB", limit };
}

/** Memory is read after a load, so that what code and pools take once is not charged to the idle connections. */
async function bytesPerIdle(bench: Bench, serving: Serving, isTls: boolean): Promise<number> {
  const { connections } = bench.options;
  await warmUp({ ...loadFor(bench, serving), seconds: 5 });
  const before = await settledResidentBytes(serving.process.pid);
  const idle = await openIdleConnections(serving.port, isTls, connections);
  const after = await settledResidentBytes(serving.process.pid);
  const closed = idle.countClosed();
  idle.close();
  if (closed > 0)
    throw new Error(`the proxy closed ${closed} of ${connections} idle connections before the reading`);
  return (after - before) / connections;
}

async function measureUnderLoad(bench: Bench): Promise<Finding> {
  const { earlyMinutes, minutes } = bench.options;
  const serving = await startOne(bench, "growth", false);
  const measured = measureGrowth(serving, loadFor(bench, serving), earlyMinutes, minutes, say);
  const { earlyBytes, lateBytes } = await measured.finally(() => serving.stop());
  const [early, late] = [earlyBytes, lateBytes].map((bytes) => (bytes / 1e6).toFixed(1));
  const what = `memory after ${minutes} minutes under load to that after ${earlyMinutes} (${early} MB, then ${late} MB)`;
  return { what, value: lateBytes / earlyBytes, unit: "times", limit: limits.growth };
}

async function startOne(bench: Bench, part: string, isTls: boolean): Promise<Serving> {
  const { cores, upstream, tls } = bench;
  return startProxy(await proxyOf(bench.options), {
    folder: join(bench.folder, part),
    cores: cores.proxy,
    upstreamPort: upstream.port,
    carries: "http1",
    tls: isTls ? tls : undefined,
    routes: 1,
    path: "/",
    method: "GET",
    bodyBytes: 0,
    expectBytes: smallJson.length,
  });
}

async function proxyOf({ proxy, builtFolder }: Options): Promise<Proxy> {
  if (proxy !== "heddle") return { nginx, haproxy, caddy }[proxy];
  return makeHeddle({ name: "heddle", workers: 1, hasLog: true, builtFolder, apiPort: await freePort() });
}

function loadFor({ folder, cores }: Bench, { url }: Serving): Omit<Load, "seconds"> {
  const one = { generator: "wrk", method: "GET", bodyBytes: 0, isGrpc: false, streams: 1 } as const;
  return { ...one, url, connections: 64, cores: cores.load, folder };
}

function describeFinding({ what, value, unit, limit }: Finding): string {
  const digits = unit === "times" ? 3 : 1;
  return `${what}: ${value.toFixed(digits)} ${unit} (${value <= limit ? "within" : "OVER"} ${limit})`;
}

try {
  await main();
  process.exit();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
