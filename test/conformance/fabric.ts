import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { openEchoServer, startHeddle, type EchoServer, type RunningHeddle } from "@heddle/testkit";
import { endpoint, type Manifest, service } from "./manifests.ts";
import { send, type Answer, type Ask } from "./send.ts";

const POLL_MS = 20;
const EVENTUALLY_MS = 30_000;

export interface FabricOptions<Port extends string> {
  /** A free port is found for each name. */
  ports: readonly Port[];
  /** `namespace/name` of Services, port 8080, each with an echo server of its own behind it. */
  services?: readonly string[];
  resources: (ports: Record<Port, number>, backends: Record<string, EchoServer>) => readonly Manifest[];
  args?: readonly string[];
  /** More environment of Heddle. */
  env?: Record<string, string>;
}

/** A running Heddle with its configuration and the services behind it. */
export interface Fabric<Port extends string> {
  heddle: RunningHeddle<Port>;
  ports: Record<Port, number>;
  /** By `namespace/name`. */
  backends: Record<string, EchoServer>;
  /** Sends a request to the listener of that port. */
  ask(port: Port, target: string, options?: Ask): Promise<Answer>;
  /** Reads a resource by the API: `httproutes`, `infra/name`; of kinds without namespace, `name`. */
  read<T = ReadResource>(plural: string, name: string): Promise<T>;
  /** Writes a file of the configuration: those resources are added or replaced. */
  put(file: string, resources: readonly Manifest[]): void;
  remove(file: string): void;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ReadCondition {
  type: string;
  status: string;
  reason: string;
  message: string;
  observedGeneration?: number;
  lastTransitionTime: string;
}

/** What the tests look at in a resource as the API answers it. */
export interface ReadResource {
  metadata: { name: string; generation: number };
  status: {
    conditions: ReadCondition[];
    addresses: { type: string; value: string }[];
    listeners: {
      name: string;
      attachedRoutes: number;
      supportedKinds: { group: string; kind: string }[];
      conditions: ReadCondition[];
    }[];
    parents: {
      parentRef: { kind: string; name: string; sectionName?: string; port?: number };
      controllerName: string;
      conditions: ReadCondition[];
    }[];
    supportedFeatures: { name: string }[];
    attachedListenerSets?: number;
  };
}

/** Starts Heddle with one worker, the services and the resources; the first file is `base.json`. */
export async function openFabric<Port extends string>(options: FabricOptions<Port>): Promise<Fabric<Port>> {
  const names = options.services ?? [];
  const opened = await Promise.all(names.map((name) => openEchoServer({ name })));
  const backends = Object.fromEntries(opened.map((server) => [server.name, server]));
  const behind = opened.flatMap(({ name, port }) => [service(name), endpoint(name, port)]);
  const heddle = await startHeddle<Port>({
    ports: options.ports,
    files: (ports) => ({ "base.json": listOf([...behind, ...options.resources(ports, backends)]) }),
    args: ["--workers", "1", ...(options.args ?? [])],
    env: options.env ?? {},
  });
  const fileOf = (file: string) => path.join(heddle.configFolder, `${file}.json`);
  return {
    heddle,
    ports: heddle.ports,
    backends,
    ask: (port, target, ask) => send(heddle.ports[port], target, ask),
    async read<T>(plural: string, name: string) {
      const answer = await fetch(heddle.api + apiPath(plural, name), { signal: AbortSignal.timeout(20_000) });
      assert.equal(answer.status, 200, `${plural} ${name}`);
      return (await answer.json()) as T;
    },
    put: (file, resources) => writeFileSync(fileOf(file), listOf(resources)),
    remove: (file) => rmSync(fileOf(file)),
    async [Symbol.asyncDispose]() {
      await heddle[Symbol.asyncDispose]();
      await Promise.all(opened.map((server) => server.close()));
    },
  };
}

function listOf(items: readonly Manifest[]): string {
  return JSON.stringify({ apiVersion: "v1", kind: "List", items });
}

function apiPath(plural: string, name: string): string {
  const [first = "", second] = name.split("/");
  const place = second === undefined ? `${plural}/${first}` : `namespaces/${first}/${plural}/${second}`;
  return `/apis/gateway.networking.k8s.io/v1/${place}`;
}

/** Repeats an assertion until it holds; fails with its last error. For changes, which no event announces here. */
export async function eventually(assertion: () => void | Promise<void>): Promise<void> {
  const deadline = performance.now() + EVENTUALLY_MS;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await wait(POLL_MS);
  }
}

/** `Accepted=True Accepted`: what there is to compare of a condition. */
export function told(conditions: readonly ReadCondition[], type: string): string {
  const found = conditions.find((one) => one.type === type);
  return found === undefined ? `no ${type}` : `${type}=${found.status} ${found.reason}`;
}

/** Accepted and Programmed of a Gateway or ListenerSet, or of one of its listeners. */
export const toldOf = ({ conditions }: { conditions: ReadCondition[] }): string[] => [
  told(conditions, "Accepted"),
  told(conditions, "Programmed"),
];

/** A condition of a route, at its only parent or the one of that section. */
export function toldOfRoute(route: ReadResource, type: string, sectionName?: string): string {
  const { parents } = route.status;
  const parent = parents.find((one) => one.parentRef.sectionName === sectionName) ?? parents[0];
  return parent === undefined ? "no parent" : told(parent.conditions, type);
}

export function listenerOf(gateway: ReadResource, name: string) {
  const found = gateway.status.listeners.find((one) => one.name === name);
  assert.ok(found, `status of listener ${name}`);
  return found;
}
