import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  assignCores,
  caddy,
  cleanUpOnExit,
  describeMachine,
  freePort,
  haproxy,
  haproxySplicing,
  installTools,
  isH2Downstream,
  makeCertificate,
  makeHeddle,
  makeTemporaryFolder,
  nginx,
  pinSelf,
  readMachine,
  startUpstream,
  type Proxy,
  type Tool,
} from "../rig/index.ts";
import { cases as allCases, plain, plainBeside, type Case } from "./cases.ts";
import { parseOptions, usage, type Options } from "./options.ts";
import { cpuProfileFlags, perfFlags, recordPerf } from "./profile.ts";
import type { ProxyName } from "./proxy-names.ts";
import { formatReport } from "./report.ts";
import { runCase, type Bench, type Contestant, type Row } from "./run-case.ts";
import { summarise } from "./summary.ts";

const say = (text: string): void => console.error(text);

async function main(): Promise<void> {
  if (process.argv.includes("--help")) return console.log(usage);
  const options = parseOptions(process.argv.slice(2));
  cleanUpOnExit();
  const cases = allCases.filter(({ name }) => options.cases.includes(name));
  installTools(toolsFor(cases, options));
  const machine = readMachine();
  const cores = assignCores();
  pinSelf(cores.load);
  console.log(describeMachine(machine));
  console.log(describeRun(options, cores.proxy, cores.load));
  const bench = await prepare(options, cores);
  const rows: Row[] = [];
  for (const its of cases) rows.push(...(await runCase(bench, its, await contestantsOf(its, options))));
  await bench.upstream.process.stop();
  const summaries = summarise(rows, cases);
  console.log(`\n${formatReport(summaries, cases)}`);
  if (options.out !== undefined)
    writeFileSync(options.out, `${JSON.stringify({ machine, options, rows: summaries }, null, 2)}\n`);
  process.exitCode = summaries.every(({ state }) => state === "ok") ? 0 : 1;
}

function toolsFor(cases: readonly Case[], { proxies, usePerf }: Options): Tool[] {
  const peers = { nginx, haproxy, caddy };
  const tools: Tool[] = proxies.flatMap((name) =>
    name in peers ? peers[name as keyof typeof peers].needs : [],
  );
  tools.push("nginx", "wrk", "openssl", "taskset");
  if (cases.some(({ carries }) => isH2Downstream(carries))) tools.push("h2load");
  if (cases.some(({ carries }) => carries === "tcp") && proxies.includes("nginx")) tools.push("nginx-stream");
  if (usePerf) tools.push("perf");
  return tools;
}

async function prepare(options: Options, cores: Bench["cores"]): Promise<Bench> {
  const folder = makeTemporaryFolder();
  const tls = { certificateFile: join(folder, "site.crt"), keyFile: join(folder, "site.key") };
  makeCertificate(tls.keyFile, tls.certificateFile);
  const upstream = await startUpstream(folder, cores.load);
  const afterRounds: Bench["afterRounds"] = async (its, row, serving, load) => {
    if (!options.usePerf || row.proxy !== "heddle") return;
    say(`wrote ${await recordPerf(its.name, serving, load, options.profileFolder)}`);
  };
  return { folder, cores, upstream, tls, options, afterRounds, say };
}

/** A case that is compared with Heddle's plain row has one of its own, measured in the same rounds. */
async function contestantsOf(its: Case, options: Options): Promise<Contestant[]> {
  const proxies = await proxiesOf(its, options);
  const contestants = proxies.map((proxy) => ({ proxy, name: proxy.name, does: its }));
  if (its.reachOfPlain === undefined || !options.proxies.includes("heddle")) return contestants;
  const [proxy] = await proxiesOf(plain, { ...options, proxies: ["heddle"] });
  return [{ proxy: proxy!, name: plainBeside, does: plain }, ...contestants];
}

async function proxiesOf(its: Case, options: Options): Promise<Proxy[]> {
  const { builtFolder, proxies } = options;
  const heddle = async (name: string, workers: number, hasLog: boolean): Promise<Proxy> => {
    const nodeFlags = name === "heddle" ? profileFlags(its, options) : undefined;
    const { isResilient } = its;
    return makeHeddle({
      name,
      workers,
      hasLog,
      builtFolder,
      apiPort: await freePort(),
      nodeFlags,
      isResilient,
    });
  };
  if (its.comparesWorkers) {
    if (!proxies.includes("heddle")) return [];
    return [await heddle("heddle, 1 worker", 1, true), await heddle("heddle, 2 workers", 2, true)];
  }
  const make: Record<ProxyName, () => Proxy | Promise<Proxy>> = {
    heddle: () => heddle("heddle", 1, true),
    "heddle-nolog": () => heddle("heddle, log off", 1, false),
    nginx: () => nginx,
    haproxy: () => haproxy,
    "haproxy-splicing": () => haproxySplicing,
    caddy: () => caddy,
  };
  const taking = proxies.filter((name) => its.proxies.includes(name));
  return Promise.all(taking.map((name) => make[name]()));
}

function profileFlags(its: Case, options: Options): string[] {
  const cpuProf = options.useCpuProf ? cpuProfileFlags(options.profileFolder, its.name) : [];
  return [...cpuProf, ...(options.usePerf ? perfFlags : [])];
}

function describeRun(options: Options, proxyCore: string, loadCore: string): string {
  const { rounds, seconds, warmUpSeconds, useCpuProf, usePerf } = options;
  const notes = [
    `proxy on core ${proxyCore}, load and upstream on core ${loadCore}, ${rounds} rounds of ${seconds} s after ${warmUpSeconds} s of warm-up`,
    "haproxy keeps no access log (it cannot write one to a file); caddy's is unbuffered JSON; nginx's is buffered",
  ];
  if (useCpuProf || usePerf)
    notes.push(`profiles go to ${options.profileFolder}; heddle's figures are slowed by them`);
  return notes.join("\n");
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
