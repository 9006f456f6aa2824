import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import {
  ask,
  assignCores,
  cleanUpOnExit,
  describeMachine,
  freePort,
  installTools,
  makeHeddle,
  makeTemporaryFolder,
  percentile,
  pinSelf,
  readMachine,
  readResidentBytes,
  smallJson,
  startProxy,
  startUpstream,
} from "../rig/index.ts";
import { runLoad, type LoadResult } from "./load.ts";
import { parseOptions, usage } from "./options.ts";
import { writeOverloadConfig } from "./resources.ts";

/** Asked of Heddle: as much as at its peak, but for a tenth, and memory within a tenth of itself. */
const limits = { goodput: 0.9, memory: 1.1 };
/** of the closed loop that finds the peak */
const peakConnections = 64;
/** after the load, so that no refusal of it is left (they wait for five seconds at most) */
const calmMs = 7_000;

async function main(): Promise<void> {
  if (process.argv.includes("--help")) return console.log(usage);
  const options = parseOptions(process.argv.slice(2));
  cleanUpOnExit();
  installTools(["nginx", "taskset"]);
  const machine = readMachine();
  console.log(describeMachine(machine));
  const folder = makeTemporaryFolder();
  const cores = assignCores();
  pinSelf(cores.load);
  const upstream = await startUpstream(folder, cores.load);
  const [port, apiPort] = [await freePort(), await freePort()];
  const { builtFolder, workMicros, target } = options;
  const configFile = writeOverloadConfig({ folder, port, upstreamPort: upstream.port, workMicros, target });
  const heddle = makeHeddle({
    name: "heddle",
    workers: 1,
    hasLog: true,
    builtFolder,
    apiPort,
    configFiles: [configFile],
  });
  const serving = await startProxy(heddle, {
    folder,
    cores: cores.proxy,
    port,
    upstreamPort: upstream.port,
    carries: "http1",
    tls: undefined,
    routes: 1,
    path: "/",
    method: "GET",
    bodyBytes: 0,
    expectBytes: smallJson.length,
  });
  const { seconds, times, connections } = options;
  const peakLoad = { port, rate: undefined, connections: peakConnections, seconds };
  const peak = await runLoad(peakLoad);
  console.log(`peak (${peakConnections} connections, closed loop): ${describe(peak)}`);
  const rate = Math.round((peak.served / peak.seconds) * times);
  const load = { port, rate, connections };
  // The first seconds grow buffers and heap to what so many connections take, and the next ones by what these leave: the
  // collector comes by before new connections are made, or after.
  const early = await runLoad({ ...load, seconds: Math.max(2, Math.round(seconds / 2)) });
  await runLoad({ ...load, seconds: 2 });
  const before = readResidentBytes(serving.process.pid);
  const over = await runLoad({ ...load, seconds });
  const after = readResidentBytes(serving.process.pid);
  await sleep(calmMs);
  const latePeak = await runLoad(peakLoad);
  const metrics = (await ask({ url: `http://127.0.0.1:${apiPort}/metrics` })).body;
  await serving.stop();
  await upstream.process.stop();
  console.log(`${times} times the peak, ${rate}/s from ${connections} connections: ${describe(early)}`);
  console.log(`the same again: ${describe(over)}`);
  console.log(`the peak again: ${describe(latePeak)}`);
  const peakRate = (peak.served / peak.seconds + latePeak.served / latePeak.seconds) / 2;
  if (latePeak.refused > 0) throw new Error("requests of the second peak were refused: it is none");
  const goodput = over.served / over.seconds / peakRate;
  console.log(`goodput ${(goodput * 100).toFixed(1)} % of the peak (${verdict(goodput >= limits.goodput)})`);
  const growth = after / before;
  console.log(
    `memory ${megabytes(before)}, then ${megabytes(after)} MB: ${growth.toFixed(2)} times (${verdict(growth <= limits.memory)})`,
  );
  console.log(
    metrics
      .split("\n")
      .filter((line) => line.startsWith("heddle_load_shed_total"))
      .join("\n"),
  );
  if (options.out !== undefined) {
    const results = [peak, early, over, latePeak].map(summary);
    writeFileSync(
      options.out,
      `${JSON.stringify({ machine, options, results, goodput, growth }, null, 2)}\n`,
    );
  }
}

function describe(result: LoadResult): string {
  const { served, refused, unsent, failed, p50Ms, p99Ms } = summary(result);
  return (
    `${served.toFixed(0)}/s served, p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms; ` +
    `${refused.toFixed(0)}/s refused, ${unsent.toFixed(0)}/s found no free connection, ${failed} failed${failed > 0 ? ` ${JSON.stringify(result.failures)}` : ""}`
  );
}

function summary({ seconds, served, refused, unsent, failed, latenciesMs }: LoadResult) {
  return {
    served: served / seconds,
    refused: refused / seconds,
    unsent: unsent / seconds,
    failed,
    p50Ms: percentile(latenciesMs, 0.5),
    p99Ms: percentile(latenciesMs, 0.99),
  };
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

const verdict = (isGood: boolean): string => (isGood ? "within" : "OVER");

try {
  await main();
  process.exit();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
