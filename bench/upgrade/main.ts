// How many connections each way of giving a port to the next process loses, under a steady load of new ones:
// `npm run bench:upgrade -- [--upgrades 100] [--loops 32] [--way passed]…`. As root, in a network namespace of its own, it measures
// tcp_migrate_req too, and a round trip of 20 ms, where final ACKs are under way when a socket is closed.
import { execFileSync, fork, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { findFreePorts } from "@heddle/testkit";
import { ways, type Way } from "./ways.ts";

const { values } = parseArgs({
  options: {
    upgrades: { type: "string", default: "100" },
    loops: { type: "string", default: "32" },
    way: { type: "string", multiple: true, default: [...ways] },
  },
});

const MIGRATE = "/proc/sys/net/ipv4/tcp_migrate_req";
const ROUND_TRIP_MS = 20;
const APART = "HEDDLE_BENCH_APART";

const isRoot = process.getuid?.() === 0;

interface Counts {
  readonly asked: number;
  readonly lost: number;
  readonly errors: Readonly<Record<string, number>>;
}

const file = (name: string): string => path.join(import.meta.dirname, name);

async function startGeneration(way: Way, port: number, before: ChildProcess | null): Promise<ChildProcess> {
  const isFirst = before === null;
  const child = fork(file("generation.ts"), [String(port), way, isFirst ? "first" : "next"]);
  await once(child, "message");
  if (way !== "passed" || isFirst) return child;
  before.send("give");
  const [, server] = (await once(before, "message")) as [string, object];
  child.send("adopt", server as never);
  await once(child, "message");
  (server as { close(): void }).close();
  return child;
}

async function measure(way: Way, upgrades: number, loops: number): Promise<Counts> {
  const [port = 0] = await findFreePorts(1);
  let generation = await startGeneration(way, port, null);
  const client = fork(file("client.ts"), [String(port), String(loops)]);
  const counted = once(client, "message") as Promise<[Counts]>;
  await pause(500);
  for (let upgrade = 0; upgrade < upgrades; upgrade++) {
    const next = await startGeneration(way, port, generation);
    const gone = once(generation, "exit");
    generation.send("close");
    await gone;
    generation = next;
    await pause(50);
  }
  client.send("stop");
  const [counts] = await counted;
  generation.kill();
  return counts;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function migrating<T>(isOn: boolean, use: () => Promise<T>): Promise<T> {
  const before = readFileSync(MIGRATE, "utf8");
  writeFileSync(MIGRATE, isOn ? "1" : "0");
  try {
    return await use();
  } finally {
    writeFileSync(MIGRATE, before);
  }
}

async function measureAll(title: string): Promise<void> {
  console.log(`${title}, ${values.upgrades} upgrades, ${values.loops} clients at a time`);
  for (const way of ways) {
    const isMigrating = way.endsWith("tcp_migrate_req");
    if ((isMigrating && !isRoot) || !values.way.includes(way)) continue;
    const run = () => measure(way, Number(values.upgrades), Number(values.loops));
    const { asked, lost, errors } = isRoot ? await migrating(isMigrating, run) : await run();
    console.log(`  ${way.padEnd(26)} ${String(lost).padStart(6)} of ${asked} lost ${JSON.stringify(errors)}`);
  }
}

/** The same once more, where settings of the network are nobody else's. */
function runApart(): void {
  const script = 'ip link set lo up && exec "$0" "$@"';
  const command = ["-n", "sh", "-c", script, process.execPath, ...process.argv.slice(1)];
  execFileSync("unshare", command, { stdio: "inherit", env: { ...process.env, [APART]: "1" } });
}

/** Not every kernel has netem. */
function canDelay(): boolean {
  const args = ["qdisc", "add", "dev", "lo", "root", "netem", "delay", `${ROUND_TRIP_MS / 2}ms`];
  return spawnSync("tc", args, { stdio: "inherit" }).status === 0;
}

if (isRoot && process.env[APART] === undefined) {
  runApart();
} else {
  await measureAll("loopback");
  if (isRoot && canDelay()) await measureAll(`a round trip of ${ROUND_TRIP_MS} ms`);
}
