import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  assignCores,
  cleanUpOnExit,
  describeMachine,
  freePort,
  heddleResources,
  httpRoute,
  installTools,
  makeHeddle,
  makeTemporaryFolder,
  median,
  readMachine,
  routePrefix,
  smallJson,
  startProxy,
  startUpstream,
  toJson,
  toYaml,
  type Upstream,
} from "../rig/index.ts";
import { parseOptions, usage, type Options } from "./options.ts";
import { measureQuietDelay, measureSwap, type Swap } from "./swap.ts";

/** Asked of Heddle: one second, 5 ms, twice the quiet p99. */
const limits = { swapMs: 1000, eventLoopDelayMs: 5, p99Ratio: 2 };

interface Measured {
  readonly format: "yaml" | "json";
  /** of half a minute before the first swap; undefined when /metrics has no such gauge */
  readonly quietDelayMs: number | undefined;
  readonly swaps: readonly Swap[];
}

async function main(): Promise<void> {
  if (process.argv.includes("--help")) return console.log(usage);
  const options = parseOptions(process.argv.slice(2));
  cleanUpOnExit();
  installTools(["nginx", "taskset"]);
  const machine = readMachine();
  console.log(describeMachine(machine));
  const changed = options.change === "one" ? "one comes new" : "one comes new, all others change";
  console.log(
    `${options.routes} routes, ${changed}; ${options.rate} requests/s meanwhile; all share all cores\n`,
  );
  const folder = makeTemporaryFolder();
  const { all } = assignCores();
  const upstream = await startUpstream(folder, all);
  const results: Measured[] = [];
  for (const format of options.formats) {
    const measured = await measureFormat(join(folder, format), format, options, upstream, all);
    console.log(describeSwaps(measured));
    results.push(measured);
  }
  await upstream.process.stop();
  if (options.out !== undefined)
    writeFileSync(options.out, `${JSON.stringify({ machine, options, results }, null, 2)}\n`);
}

async function measureFormat(
  folder: string,
  format: "yaml" | "json",
  options: Options,
  upstream: Upstream,
  cores: string,
): Promise<Measured> {
  const { builtFolder, change, routes, workers, rate, connections } = options;
  const [port, apiPort] = [await freePort(), await freePort()];
  const configFile = `${folder}.config.${format}`;
  const textWith = configMaker(format, change, port, upstream.port, routes);
  writeFileSync(configFile, textWith(0));
  const heddle = makeHeddle({
    name: "heddle",
    workers,
    hasLog: true,
    builtFolder,
    apiPort,
    configFiles: [configFile],
  });
  const path = `${routePrefix(routes - 1)}/item`;
  const expectBytes = smallJson.length;
  const one = {
    upstreamPort: upstream.port,
    carries: "http1",
    tls: undefined,
    routes,
    path,
    method: "GET",
    bodyBytes: 0,
  } as const;
  const serving = await startProxy(heddle, { folder, cores, port, expectBytes, ...one });
  const traffic = { port, path, rate, connections };
  const metricsUrl = `http://127.0.0.1:${apiPort}/metrics`;
  console.error(`${format}: no swap`);
  const quietDelayMs = await measureQuietDelay({ traffic, metricsUrl });
  const swaps: Swap[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    console.error(`${format}: swap ${round} of ${options.rounds}`);
    const newRoutePath = `${markerPrefix(round)}/`;
    swaps.push(await measureSwap({ configFile, text: textWith(round), newRoutePath, metricsUrl, traffic }));
  }
  await serving.stop();
  return { format, quietDelayMs, swaps };
}

/**
 * Each round's file has all the routes and one more that no round before it had; with "all" the others have another
 * weight in each, which makes them other routes that do the same.
 */
function configMaker(
  format: "yaml" | "json",
  change: "one" | "all",
  port: number,
  upstreamPort: number,
  routes: number,
): (round: number) => string {
  const resources = heddleResources({ port, upstreamPort, carries: "http1", tls: undefined, routes });
  const write = format === "yaml" ? toYaml : toJson;
  return (round) => {
    const others = change === "one" ? resources : resources.map((resource) => weighted(resource, round + 1));
    return write([...others, httpRoute(`marker-${round}`, markerPrefix(round))]);
  };
}

function weighted(resource: object, weight: number): object {
  const { kind, spec } = resource as { kind: string; spec?: { rules: { backendRefs: object[] }[] } };
  if (kind !== "HTTPRoute" || spec === undefined) return resource;
  const rules = spec.rules.map((rule) => ({
    ...rule,
    backendRefs: rule.backendRefs.map((ref) => ({ ...ref, weight })),
  }));
  return { ...resource, spec: { ...spec, rules } };
}

function markerPrefix(round: number): string {
  return `/marker-${round}`;
}

function describeSwaps({ format, quietDelayMs, swaps }: Measured): string {
  const swapMs = median(swaps.map((each) => each.swapMs));
  const p99Ratio = median(swaps.map((each) => each.p99DuringMs / each.p99QuietMs));
  const quiet = median(swaps.map((each) => each.p99QuietMs));
  const during = median(swaps.map((each) => each.p99DuringMs));
  const second = median(swaps.map((each) => each.p99SecondMs));
  const secondRatio = median(swaps.map((each) => each.p99SecondMs / each.p99QuietMs));
  const longest = Math.max(...swaps.map((each) => each.longestDuringMs));
  const errors = swaps.reduce((sum, each) => sum + each.errors, 0);
  const without = quietDelayMs === undefined ? "" : `, ${quietDelayMs.toFixed(1)} ms without a swap`;
  return [
    `${format}, medians of ${swaps.length} swaps`,
    `  from the write to the new route: ${swapMs.toFixed(0)} ms (${verdict(swapMs, limits.swapMs)})`,
    `  event-loop delay of a worker, largest of all swaps: ${describeDelay(swaps)}${without}`,
    `  p99 quiet ${quiet.toFixed(2)} ms, during the swap ${during.toFixed(2)} ms, longest ${longest.toFixed(1)} ms:` +
      ` ${p99Ratio.toFixed(2)} times (${verdict(p99Ratio, limits.p99Ratio)})`,
    `  p99 of the second from the write ${second.toFixed(2)} ms:` +
      ` ${secondRatio.toFixed(2)} times (${verdict(secondRatio, limits.p99Ratio)})`,
    `  failed requests: ${errors}${errors > 0 ? " (INVALID: none may fail)" : ""}\n`,
  ].join("\n");
}

function describeDelay(swaps: readonly Swap[]): string {
  const delays = swaps.flatMap(({ eventLoopDelayMs }) => eventLoopDelayMs ?? []);
  if (delays.length === 0) return "not measured, /metrics has no heddle_worker_event_loop_delay_max_seconds";
  const largest = Math.max(...delays);
  return `${largest.toFixed(1)} ms (${verdict(largest, limits.eventLoopDelayMs)})`;
}

function verdict(value: number, limit: number): string {
  return `${value <= limit ? "within" : "OVER"} ${limit}`;
}

try {
  await main();
  process.exit();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
