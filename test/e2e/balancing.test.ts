import assert from "node:assert/strict";
import { renameSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import http from "node:http";
import path from "node:path";
import { json } from "node:stream/consumers";
import { describe, test } from "node:test";
import {
  becomesTrue,
  openEchoServer,
  startHeddle,
  type Echo,
  type EchoServer,
  type RunningHeddle,
} from "@heddle/testkit";

const policy = (balancing: string) => `apiVersion: heddle.dev/v1alpha1
kind: TrafficPolicy
metadata: { name: app }
spec:
  targetRefs: [{ group: heddle.dev, kind: Backend, name: app }]
  balancing: ${balancing}
`;

const gateway = (ports: Record<"http" | "tcp", number>, endpoints: readonly string[]) => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: heddle
  listeners:
    - { name: http, protocol: HTTP, port: ${ports.http} }
    - { name: tcp, protocol: TCP, port: ${ports.tcp} }
---
apiVersion: heddle.dev/v1alpha1
kind: Backend
metadata: { name: app }
spec: { endpoints: [${endpoints.join(", ")}] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: app }
spec:
  parentRefs: [{ name: edge, sectionName: http }]
  rules: [{ backendRefs: [{ group: heddle.dev, kind: Backend, name: app }] }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: { name: app }
spec:
  parentRefs: [{ name: edge, sectionName: tcp }]
  rules: [{ backendRefs: [{ group: heddle.dev, kind: Backend, name: app }] }]
`;

/** What is said of each of the four endpoints. */
const shares = [
  "zone: a, labels: { version: v1 }",
  "zone: a, labels: { version: v2 }",
  "zone: b, labels: { version: v2 }",
  "zone: b, priority: 1",
];

type Heddle = RunningHeddle<"http" | "tcp">;

class Rig implements AsyncDisposable {
  readonly echoes: EchoServer[];
  readonly heddle: Heddle;

  private constructor(echoes: EchoServer[], heddle: Heddle) {
    this.echoes = echoes;
    this.heddle = heddle;
  }

  static async open(balancing: string): Promise<Rig> {
    const echoes = await Promise.all(shares.map((_, i) => openEchoServer({ name: `e${i}` })));
    const endpoints = echoes.map(({ port }, i) => `{ address: 127.0.0.1, port: ${port}, ${shares[i]} }`);
    const heddle = await startHeddle({
      ports: ["http", "tcp"],
      args: ["--workers", "2"],
      env: { HEDDLE_ZONE: "a" },
      files: (ports) => ({
        "gateway.yaml": gateway(ports, endpoints),
        "policy.yaml": policy(balancing),
      }),
    });
    return new Rig(echoes, heddle);
  }

  /** In one step, so that no half of a file is read. */
  change(balancing: string): void {
    const { configFolder } = this.heddle;
    const next = path.join(configFolder, ".policy.next");
    writeFileSync(next, policy(balancing));
    renameSync(next, path.join(configFolder, "policy.yaml"));
  }

  /** Who serves `count` requests, each on a connection of its own, so that both workers have some. */
  async servers(
    count: number,
    headers: (at: number) => Record<string, string> = () => ({}),
    url: string = this.heddle.urls.http,
  ): Promise<string[]> {
    const served: string[] = [];
    for (let i = 0; i < count; i++) {
      const answer = await fetch(url, {
        headers: { connection: "close", ...headers(i) },
        signal: AbortSignal.timeout(20_000),
      });
      served.push(((await answer.json()) as Echo).servedBy);
    }
    return served;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.heddle[Symbol.asyncDispose]();
    await Promise.all(this.echoes.map((echo) => echo.close()));
  }
}

/** Who serves a request from that address, on a connection of its own. */
async function servedTo(port: number, localAddress: string): Promise<string> {
  const request = http.get({ host: "127.0.0.1", port, localAddress, agent: false });
  const [answer] = (await once(request, "response")) as [http.IncomingMessage];
  return ((await json(answer)) as Echo).servedBy;
}

const distinct = (names: readonly string[]): string[] => [...new Set(names)].sort();

describe("balancing by TrafficPolicy", () => {
  test("keys, cookies, subsets, zones and sessions, each in force without a restart", async () => {
    await using rig = await Rig.open("{ algorithm: Maglev, hash: { on: Header, name: X-User } }");
    const users = (at: number) => ({ "x-user": `u${at}` });
    const first = await rig.servers(40, users);
    assert.deepEqual(await rig.servers(40, users), first);
    assert.deepEqual(distinct(first), ["e0", "e1", "e2"]);

    rig.change("{ algorithm: RingHash, hash: { on: Cookie, name: cart, cookie: { ttl: 1h } } }");
    let cookie = "";
    const isMade = async () => {
      const answer = await fetch(rig.heddle.urls.http, { headers: { connection: "close" } });
      await answer.arrayBuffer();
      cookie = answer.headers.get("set-cookie")?.split(";")[0] ?? "";
      return cookie.startsWith("cart=");
    };
    assert.ok(await becomesTrue(isMade, 20_000));
    assert.equal(distinct(await rig.servers(10, () => ({ cookie }))).length, 1);

    rig.change("{ algorithm: RoundRobin, subset: { labels: { version: v2 } } }");
    assert.ok(await becomesTrue(async () => distinct(await rig.servers(8)).join() === "e1,e2", 20_000));

    rig.change("{ algorithm: RoundRobin, zone: { mode: Prefer } }");
    assert.ok(await becomesTrue(async () => distinct(await rig.servers(8)).join() === "e0,e1", 20_000));

    rig.change("{ sticky: { cookie: { name: sid } } }");
    const isKept = async () => {
      const answer = await fetch(rig.heddle.urls.http, { headers: { connection: "close" } });
      const { servedBy } = (await answer.json()) as Echo;
      const sid = answer.headers.get("set-cookie")?.split(";")[0] ?? "";
      if (!sid.startsWith("sid=")) return false;
      return distinct(await rig.servers(10, () => ({ cookie: sid }))).join() === servedBy;
    };
    assert.ok(await becomesTrue(isKept, 20_000));
  });

  test("connections of a TCPRoute go by the client's address", async () => {
    await using rig = await Rig.open("{ algorithm: Maglev, hash: { on: Source } }");
    const { tcp, http } = rig.heddle.urls;
    const byTcp = distinct(await rig.servers(12, undefined, tcp));
    assert.equal(byTcp.length, 1);
    assert.deepEqual(distinct(await rig.servers(12, undefined, http)), byTcp);
  });

  test("a Service with sessionAffinity keeps each client's address at one endpoint", async () => {
    const echoes = await Promise.all(
      [0, 1, 2].map((i) => openEchoServer({ name: `e${i}`, host: `127.0.0.${i + 2}` })),
    );
    const slices = echoes.map(
      ({ port }, i) => `---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: app-${i}, labels: { kubernetes.io/service-name: app } }
addressType: IPv4
ports: [{ port: ${port} }]
endpoints: [{ addresses: [127.0.0.${i + 2}] }]
`,
    );
    await using heddle = await startHeddle({
      args: ["--workers", "2"],
      files: ({ http }) => ({
        "site.yaml": `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec: { gatewayClassName: heddle, listeners: [{ name: http, protocol: HTTP, port: ${http} }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: app }
spec: { parentRefs: [{ name: edge }], rules: [{ backendRefs: [{ name: app, port: 80 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: app }
spec: { ports: [{ port: 80 }], sessionAffinity: ClientIP }
${slices.join("")}`,
      }),
    });
    const served = new Map<string, Set<string>>();
    for (let i = 0; i < 60; i++) {
      const from = `127.0.1.${1 + (i % 12)}`;
      const name = await servedTo(heddle.ports.http, from);
      served.set(from, (served.get(from) ?? new Set()).add(name));
    }
    for (const [from, names] of served) assert.equal(names.size, 1, `${from}: ${[...names].join()}`);
    assert.ok(
      new Set([...served.values()].flatMap((names) => [...names])).size > 1,
      "not all at one endpoint",
    );
    await Promise.all(echoes.map((echo) => echo.close()));
  });

  test("the second priority takes over when the first is gone, and no request is lost", async () => {
    await using rig = await Rig.open("{ algorithm: RoundRobin }");
    assert.deepEqual(distinct(await rig.servers(12)), ["e0", "e1", "e2"]);
    await Promise.all(rig.echoes.slice(0, 3).map((echo) => echo.close()));
    assert.deepEqual(distinct(await rig.servers(12)), ["e3"]);
  });
});
