import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { freePort } from "../rig/ports.ts";

/** Where an origin is, and how to make its network bad. Addresses and ports are its own. */
export interface Place {
  address: string;
  port: number;
  /** what its command begins with, to run in there */
  prefix: readonly string[];
  /** null: there is no network to be bad */
  link: Link | null;
}

/** The wire to a network namespace. */
export interface Link {
  /** Packets that were sent to it so far, whether anybody was there to take them. */
  packetsTo: () => number;
  /** Half-open: what is sent there arrives, and nothing comes back. */
  silence: () => void;
  unplug: () => void;
  /** Answers take long: 300 ms of delay by netem, or 200 kbit/s where the kernel has no netem. */
  slow: () => void;
  /** As it was. */
  mend: () => void;
}

const ip = (...args: string[]): void =>
  void execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
const made = new Set<string>();
const port = 8080;

process.on("exit", () => {
  for (const name of made) spawnSync("ip", ["netns", "del", name]);
});

/** Why network namespaces cannot be had here; undefined: they can. */
export function namespacesRefused(): string | undefined {
  if (process.getuid?.() !== 0) return "network namespaces take root";
  const name = `heddle-${process.pid}-try`;
  const tried = spawnSync("ip", ["netns", "add", name], { encoding: "utf8" });
  if (tried.error !== undefined) return `ip is not installed: install the package iproute2`;
  if (tried.status !== 0) return `ip netns add: ${tried.stderr.trim()}`;
  spawnSync("ip", ["netns", "del", name]);
  return undefined;
}

/** By what links are slowed here. */
export function slowsBy(): "netem" | "tbf" {
  const name = `heddle-${process.pid}-qdisc`;
  ip("netns", "add", name);
  try {
    return setDiscipline(name, "lo", netem) ? "netem" : "tbf";
  } finally {
    ip("netns", "del", name);
  }
}

/** Namespaces with one end of a veth each; they go when this process does. */
export function makeNamespaces(count: number): Place[] {
  return Array.from({ length: count }, (_, i) => makeNamespace(i));
}

/** On the loopback interface, for where namespaces cannot be had. */
export async function makeLocalPlaces(count: number): Promise<Place[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = await freePort();
    if (!ports.includes(port)) ports.push(port);
  }
  return ports.map((port) => ({ address: "127.0.0.1", port, prefix: [], link: null }));
}

export function removePlaces(places: readonly Place[]): void {
  for (const { prefix } of places) {
    const name = prefix.at(-1);
    if (name === undefined || !made.delete(name)) continue;
    ip("netns", "del", name);
  }
}

const netem = ["netem", "delay", "300ms"];
const tbf = ["tbf", "rate", "200kbit", "burst", "3000", "latency", "2s"];

/** Of 198.18.0.0/15, the network for benchmarks (RFC 2544): four addresses for each. */
function makeNamespace(at: number): Place {
  const number = (process.pid * 16 + at) % 32_768;
  const name = `heddle-${process.pid}-${number}`;
  const near = `hdl${number}`;
  const subnet = (last: number) =>
    `198.${18 + (number >> 14)}.${(number >> 6) & 255}.${(number & 63) * 4 + last}`;
  ip("netns", "add", name);
  made.add(name);
  ip("link", "add", near, "type", "veth", "peer", "name", "far", "netns", name);
  ip("addr", "add", `${subnet(1)}/30`, "dev", near);
  ip("link", "set", near, "up");
  ip("-n", name, "addr", "add", `${subnet(2)}/30`, "dev", "far");
  ip("-n", name, "link", "set", "lo", "up");
  ip("-n", name, "link", "set", "far", "up");
  return {
    address: subnet(2),
    port,
    prefix: ["ip", "netns", "exec", name],
    link: {
      packetsTo: () => Number(readFileSync(`/sys/class/net/${near}/statistics/tx_packets`, "utf8")),
      silence: () => ip("-n", name, "route", "add", "blackhole", `${subnet(1)}/32`),
      unplug: () => ip("-n", name, "link", "set", "far", "down"),
      slow: () => void (setDiscipline(name, "far", netem) || setDiscipline(name, "far", tbf)),
      mend: () => {
        spawnSync("ip", ["-n", name, "route", "del", "blackhole", `${subnet(1)}/32`]);
        spawnSync("tc", ["-n", name, "qdisc", "del", "dev", "far", "root"]);
        ip("-n", name, "link", "set", "far", "up");
      },
    },
  };
}

function setDiscipline(namespace: string, device: string, discipline: readonly string[]): boolean {
  const args = ["-n", namespace, "qdisc", "add", "dev", device, "root", ...discipline];
  return spawnSync("tc", args, { stdio: "ignore" }).status === 0;
}
