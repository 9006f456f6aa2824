import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  assignCores,
  cleanUpOnExit,
  describeMachine,
  freePort,
  installTools,
  makeTemporaryFolder,
  readMachine,
} from "../rig/index.ts";
import { measureBalance, type Balance } from "./balance.ts";
import { runTrial, Stage, startContestant, type Pace } from "./contest.ts";
import { haproxyContestant, heddleContestant, nginxContestant, type Contestant } from "./contestants.ts";
import { faults, type ChaosFault } from "./faults.ts";
import { makeLocalPlaces, makeNamespaces, namespacesRefused, removePlaces, slowsBy } from "./network.ts";
import { parseOptions, usage, type ContestantName, type Options } from "./options.ts";
import { faultCells, formatBalance, formatFaults, type FaultRow } from "./report.ts";

const ORIGINS = 4;
const BALANCE_RATE = 150;

const say = (text: string): void => console.error(text);

async function main(): Promise<void> {
  if (process.argv.includes("--help")) return console.log(usage);
  const options = parseOptions(process.argv.slice(2));
  cleanUpOnExit();
  installTools(["nginx", "haproxy", "taskset"]);
  const machine = readMachine();
  console.log(describeMachine(machine));
  const folder = makeTemporaryFolder();
  const rows = options.parts.includes("faults") ? await runFaults(options, folder) : [];
  if (rows.length > 0) console.log(`\n${formatFaults(rows)}\n`);
  const balance = options.parts.includes("balance") ? await runBalance(options, folder) : [];
  if (balance.length > 0) console.log(`\none origin of ten is ten times slower\n\n${formatBalance(balance)}`);
  if (options.out !== undefined)
    writeFileSync(options.out, `${JSON.stringify({ machine, options, rows, balance }, null, 2)}\n`);
  process.exitCode = rows.some(({ trial }) => (trial?.wrongBodies ?? 0) > 0) ? 1 : 0;
}

/** A fault after the other, each behind one proxy after the other. */
async function runFaults(options: Options, folder: string): Promise<FaultRow[]> {
  const refused = namespacesRefused();
  console.log(
    refused === undefined
      ? `origins in network namespaces, slow links by ${slowsBy()}`
      : `origins on the loopback interface, faults of the network left out: ${refused}`,
  );
  const pace: Pace = {
    wellMs: 3_000,
    badMs: options.badSeconds * 1_000,
    againMs: 500,
    getsPerSecond: options.rate,
    postsPerSecond: options.rate / 3,
    patienceMs: 10_000,
  };
  const places = refused === undefined ? makeNamespaces(ORIGINS) : await makeLocalPlaces(ORIGINS);
  const stage = await Stage.set(places, folder);
  const rows: FaultRow[] = [];
  for (const fault of faults.filter(({ name }) => options.faults.includes(name))) {
    for (const name of options.proxies) {
      rows.push(
        fault.needsLink === true && refused !== undefined
          ? { fault: fault.name, proxy: name, skipped: refused }
          : await runRow(stage, fault, name, pace, options, folder),
      );
    }
  }
  await stage.strike();
  removePlaces(places);
  return rows;
}

async function runRow(
  stage: Stage,
  fault: ChaosFault,
  name: ContestantName,
  pace: Pace,
  options: Options,
  folder: string,
): Promise<FaultRow> {
  const trialFolder = join(folder, `${fault.name}-${name}`);
  mkdirSync(trialFolder);
  const contestant = await makeContestant(name, options);
  const { port, stop } = await startContestant(contestant, trialFolder, stage.places, assignCores().all);
  const trial = await runTrial(stage, null, fault, port, pace);
  await stop();
  const row = { fault: fault.name, proxy: name, trial };
  say(`${faultCells(row).join("  ")}  ${JSON.stringify(trial.failures)}`);
  return row;
}

async function makeContestant(name: ContestantName, { builtFolder }: Options): Promise<Contestant> {
  switch (name) {
    case "heddle":
      return heddleContestant("heddle", await freePort(), { hasPolicy: true, builtFolder });
    case "heddle-defaults":
      return heddleContestant("heddle-defaults", await freePort(), { hasPolicy: false, builtFolder });
    case "haproxy":
      return haproxyContestant();
    case "nginx":
      return nginxContestant();
  }
}

async function runBalance({ builtFolder }: Options, folder: string): Promise<Balance[]> {
  const heddle = async (name: string, algorithm?: string): Promise<Contestant> =>
    heddleContestant(name, await freePort(), {
      hasPolicy: false,
      builtFolder,
      ...(algorithm === undefined ? {} : { balancing: { algorithm } }),
    });
  const contestants = [
    // the first one meets cold origins and a cold load: it is measured again at its own place
    await heddle("heddle, round robin, first", "RoundRobin"),
    await heddle("heddle, peak EWMA (default)"),
    await heddle("heddle, least request", "LeastRequest"),
    await heddle("heddle, round robin", "RoundRobin"),
    nginxContestant(),
    nginxContestant("round robin"),
    haproxyContestant(),
    haproxyContestant("roundrobin"),
  ];
  const stageFolder = join(folder, "balance");
  mkdirSync(stageFolder);
  return measureBalance(contestants, {
    folder: stageFolder,
    cores: assignCores().all,
    rate: BALANCE_RATE,
    // what a cold start was like must have faded from the averages
    warmUpMs: 30_000,
    measureMs: 8_000,
  });
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
process.exit();
