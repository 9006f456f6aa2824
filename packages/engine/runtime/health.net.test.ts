import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { connectRaw, findFreePorts } from "@heddle/testkit";
import type { HealthCheckSpec, Unit } from "../model/index.ts";
import { ENDPOINT } from "../observe/index.ts";
import { ANY_HOST, defaultRule, Gateway, get, readResponse, routeUnit, unitsOf } from "./gateway.suite.ts";

const workerEntry = new URL("./worker-entry.suite.ts", import.meta.url);

const base: HealthCheckSpec = {
  port: 0,
  intervalMs: 50,
  jitterMs: 5,
  timeoutMs: 1_000,
  unhealthyAfter: 2,
  healthyAfter: 1,
};

const http = { host: "", path: "/healthz?full", headers: [], statuses: [[200, 299]], body: "" } as const;

/** An upstream whose health the test sets. */
class Upstream implements AsyncDisposable {
  private readonly server = createServer((request, response) => {
    if (request.url !== "/healthz?full") {
      response.end(this.name);
      return;
    }
    this.checks++;
    this.agents.add(request.headers.host ?? "");
    response.statusCode = this.status;
    response.end(this.page);
  });
  readonly name: string;
  readonly agents = new Set<string>();
  status = 200;
  page = "fine";
  checks = 0;

  constructor(name: string) {
    this.name = name;
  }

  static async open(name: string): Promise<Upstream> {
    const upstream = new Upstream(name);
    upstream.server.listen(0, "127.0.0.1");
    await once(upstream.server, "listening");
    return upstream;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    if (this.server.listening) await new Promise((resolve) => this.server.close(resolve));
  }
}

const path = (value: string) => ({
  matches: [{ path: { type: "Exact", value }, method: "", headers: [], queryParams: [] }] as const,
});

function checked(ports: readonly number[], port: number, healthCheck: HealthCheckSpec): Unit[] {
  const more = ["whoami", "crash"].map((name) =>
    routeUnit(
      `default/${name}`,
      [ANY_HOST],
      [defaultRule({ ...path(`/${name}`), filters: [{ name, config: null }] })],
    ),
  );
  return unitsOf({ endpoints: ports, port, more }).map((unit) =>
    unit.kind === "cluster" ? { ...unit, healthCheck } : unit,
  );
}

async function ask(port: number, target: string = "/"): Promise<string> {
  await using client = await connectRaw(port);
  client.send(get(target, "Connection: close\r\n"));
  return (await readResponse(client)).body;
}

const unhealthy = (gateway: Gateway): number =>
  gateway.total("endpoint", ENDPOINT.unhealthyBegun) - gateway.total("endpoint", ENDPOINT.unhealthyEnded);

/** Ends that worker. */
async function crash(port: number, worker: number): Promise<void> {
  for (;;) {
    await using client = await connectRaw(port);
    client.send(get("/whoami"));
    if ((JSON.parse((await readResponse(client)).body) as { worker: number }).worker !== worker) continue;
    client.send(get("/crash"));
    await client.receiveToEnd();
    return;
  }
}

test("one worker asks, all of them know, and when it dies another goes on", async () => {
  await using good = await Upstream.open("good");
  await using bad = await Upstream.open("bad");
  const [port] = await findFreePorts(1);
  const units = checked([good.port, bad.port], port, { ...base, http });
  await using gateway = await Gateway.open(units, { workers: 2, workerEntry });

  await gateway.becomes("both are asked", () => good.checks > 2 && bad.checks > 2);
  assert.deepEqual([...good.agents], [`127.0.0.1:${good.port}`]);
  bad.status = 500;
  await gateway.becomes("both workers know", () => unhealthy(gateway) === 2);
  for (let i = 0; i < 20; i++) assert.equal(await ask(port), "good");
  const counted = gateway.total("endpoint", ENDPOINT.healthChecks);
  assert.ok(Math.abs(counted - good.checks - bad.checks) <= 4, "each check is asked once, by one worker");

  await crash(port, 1);
  await gateway.becomes("it is replaced", () => gateway.registry.workers.length === 2 && good.checks > 0);
  await gateway.becomes("the new one is told, the old one knows", () => unhealthy(gateway) === 2);
  for (let i = 0; i < 20; i++) assert.equal(await ask(port), "good");

  bad.status = 200;
  await gateway.becomes("the next checker sees it recover", () => unhealthy(gateway) === 0);
  const served = new Set<string>();
  for (let i = 0; i < 20; i++) served.add(await ask(port));
  assert.deepEqual(served, new Set(["good", "bad"]));
  const told = gateway.logs.filter(({ message }) => message.includes(`127.0.0.1:${bad.port} of `));
  assert.deepEqual(
    told.map(({ level, message }) => [level, message.replace(/^\S+ of \S+ /, "")]),
    [
      ["warn", "fails its health checks, and is left out: status 500"],
      ["info", "counts as healthy again"],
    ],
    "the log says it, once for all workers",
  );
});

test("an endpoint that leaves, and checks that are switched off, leave nothing behind", async () => {
  await using good = await Upstream.open("good");
  await using bad = await Upstream.open("bad");
  bad.status = 503;
  const [port] = await findFreePorts(1);
  const both = [good.port, bad.port];
  await using gateway = await Gateway.open(checked(both, port, { ...base, http }), {
    workers: 2,
    workerEntry,
  });
  await gateway.becomes("both workers know", () => unhealthy(gateway) === 2);
  await gateway.apply(checked([good.port], port, { ...base, http }));
  await gateway.becomes("it is forgotten", () => unhealthy(gateway) === 0);
  await gateway.apply(checked(both, port, { ...base, http }));
  await gateway.becomes("it is found out anew", () => unhealthy(gateway) === 2);
  await gateway.apply(unitsOf({ endpoints: both, port }));
  await gateway.becomes("nobody asks any more", () => unhealthy(gateway) === 0);
});

test("a text is looked for in the first 64 KiB of a page, however much follows", async () => {
  await using upstream = await Upstream.open("it");
  const long = "x".repeat(100_000);
  for (const [page, isHealthy] of [
    [`fine${long}`, true],
    [`${long}fine`, false],
  ] as const) {
    upstream.page = page;
    await using gateway = await Gateway.open(
      checked([upstream.port], 0, { ...base, http: { ...http, body: "fine" } }),
    );
    await gateway.becomes("it is asked", () => gateway.total("endpoint", ENDPOINT.healthChecks) > 2);
    assert.equal(unhealthy(gateway), isHealthy ? 0 : 1);
  }
});

test("a text that the page does not have, a closed port and a check on another port", async () => {
  await using upstream = await Upstream.open("it");
  await using health = await Upstream.open("health");
  const [closed] = await findFreePorts(1);
  const refused = /connect ECONNREFUSED/;
  const specs: [spec: HealthCheckSpec, problem: RegExp | null][] = [
    [{ ...base, http: { ...http, body: "fine" } }, null],
    [{ ...base, http: { ...http, body: "finest" } }, /: the body does not contain "finest"$/],
    [{ ...base }, null],
    [{ ...base, port: closed }, refused],
    [{ ...base, port: closed, http }, refused],
    [{ ...base, port: health.port, http }, null],
    [{ ...base, http: { ...http, statuses: [[301, 399]] } }, /: status 200$/],
  ];
  for (const [spec, problem] of specs) {
    await using gateway = await Gateway.open(checked([upstream.port], 0, spec));
    await gateway.becomes("it is asked", () => gateway.total("endpoint", ENDPOINT.healthChecks) > 1);
    assert.equal(unhealthy(gateway), problem === null ? 0 : 1, JSON.stringify(spec));
    if (problem !== null) assert.match(gateway.logs.map(({ message }) => message).join("\n"), problem);
    assert.equal(gateway.upstreams, 0, "checks are no connections of requests");
  }
  assert.ok(health.checks > 0);
});
