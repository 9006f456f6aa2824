import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { renameSync, writeFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { becomesTrue, openEchoServer, startHeddle, type RunningHeddle } from "@heddle/testkit";
import { flood } from "./flood.ts";

const launcher = path.resolve(import.meta.dirname, "../../packages/heddle/bin/heddle.js");

const gateway = (port: number, backend: number) => `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec: { gatewayClassName: heddle, listeners: [{ name: http, protocol: HTTP, port: ${port} }] }
---
apiVersion: heddle.dev/v1alpha1
kind: Backend
metadata: { name: app }
spec: { url: "http://127.0.0.1:${backend}" }
${["one", "two"]
  .map(
    (name) => `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name} }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - matches: [{ path: { value: /${name} } }]
      backendRefs: [{ group: heddle.dev, kind: Backend, name: app }]
`,
  )
  .join("")}`;

const policy = (target: string, spec: string) => `apiVersion: heddle.dev/v1alpha1
kind: RateLimitPolicy
metadata: { name: limits }
spec: { targetRefs: [${target}], ${spec} }
`;

const onGateway = "{ kind: Gateway, name: edge }";

function start(backend: number, text: string): Promise<RunningHeddle> {
  return startHeddle({
    files: ({ http: port }) => ({ "gateway.yaml": gateway(port, backend), "limits.yaml": text }),
    args: ["--workers", "2"],
  });
}

/** Replaces the policy in one step, and waits until it is in force. */
async function change(heddle: RunningHeddle, text: string): Promise<void> {
  const version = () => metric(heddle, /^heddle_snapshot_version\{[^}]*\} (\d+)$/gm);
  const before = await version();
  const next = path.join(heddle.configFolder, ".limits.next");
  writeFileSync(next, text);
  renameSync(next, path.join(heddle.configFolder, "limits.yaml"));
  assert.ok(
    await becomesTrue(async () => (await version()) >= before + 2, 20_000),
    "both workers have the change",
  );
}

/** The sum of what a pattern of the metrics finds. */
async function metric({ api }: RunningHeddle, pattern: RegExp): Promise<number> {
  const answer = await fetch(`${api}/metrics`, { signal: AbortSignal.timeout(20_000) });
  return [...(await answer.text()).matchAll(pattern)].reduce((sum, [, value]) => sum + Number(value), 0);
}

/** How often each status came, by two routes. */
const flooded = async ({ urls }: RunningHeddle, total: number, connections: number) =>
  (await flood([`${urls.http}/one`, `${urls.http}/two`], total, connections / 2)).statuses;

describe("RateLimitPolicy", () => {
  test("a limit is exact over two workers and two routes, and outlives changes of other things", async () => {
    await using echo = await openEchoServer();
    const limits = (quota: number) =>
      policy(onGateway, `limits: [{ name: all, fixedWindow: { quota: ${quota}, unit: Month } }]`);
    await using heddle = await start(echo.port, limits(300));
    assert.deepEqual(await flooded(heddle, 1_000, 16), { 200: 300, 429: 700 });
    assert.equal(echo.requestCount, 300);
    const served = await metric(heddle, /^heddle_filter_events_total\{[^}]*event="limited:all"\} (\d+)$/gm);
    assert.equal(served, 700);

    await change(
      heddle,
      limits(300).replace("limits: [", "response: { message: no }, headers: None, limits: ["),
    );
    assert.deepEqual(await flooded(heddle, 20, 4), { 429: 20 });
    const answer = await fetch(`${heddle.urls.http}/one`);
    assert.equal(await answer.text(), "no\n");
    assert.ok(Number(answer.headers.get("retry-after")) > 0);
    assert.equal(answer.headers.get("ratelimit"), null);

    await change(heddle, limits(40));
    assert.deepEqual(await flooded(heddle, 100, 8), { 200: 40, 429: 60 });
  });

  test("a route adds to its Gateway's limits and lifts none, but for one that may be overridden", async () => {
    await using echo = await openEchoServer();
    const named = (name: string, target: string, limits: string): string =>
      `${policy(target, `limits: [${limits}]`).replace("name: limits", `name: ${name}`)}---\n`;
    const month = (name: string, quota: number, rest: string = "") =>
      `{ name: ${name}, fixedWindow: { quota: ${quota}, unit: Month }${rest} }`;
    await using heddle = await start(
      echo.port,
      named("edge", onGateway, `${month("flood", 300)}, ${month("soft", 10, ", overridable: true")}`) +
        named("one", "{ kind: HTTPRoute, name: one }", `${month("flood", 100_000)}, ${month("soft", 1_000)}`),
    );
    const one = (total: number) => flood([`${heddle.urls.http}/one`], total, 8);
    const two = (total: number) => flood([`${heddle.urls.http}/two`], total, 8);
    assert.deepEqual((await two(20)).statuses, { 200: 10, 429: 10 });
    assert.deepEqual((await one(400)).statuses, { 200: 290, 429: 110 });
    assert.equal(echo.requestCount, 300);
  });

  test("places in flight are given back by clients that leave, and are one number for both workers", async () => {
    const waiting = new Set<http.ServerResponse>();
    const server = http.createServer((_request, response) => {
      waiting.add(response);
      response.on("close", () => waiting.delete(response));
    });
    server.listen(0, "127.0.0.1");
    await new Promise((resolve) => server.on("listening", resolve));
    const { port } = server.address() as { port: number };
    await using heddle = await start(
      port,
      policy("{ kind: Backend, name: app }", "limits: [{ name: flight, concurrency: { quota: 5 } }]"),
    );
    try {
      for (let round = 0; round < 3; round++) {
        const requests = Array.from({ length: 12 }, (_, at) => {
          const request = http.get(`${heddle.urls.http}/${at % 2 === 0 ? "one" : "two"}`, { agent: false });
          const status = new Promise<number>((resolve) => {
            request.on("response", (response) => resolve(response.resume().statusCode!));
            request.on("error", () => resolve(0));
          });
          return { request, status };
        });
        assert.ok(await becomesTrue(() => waiting.size === 5, 20_000), "five are in flight");
        const refused = await Promise.all(
          requests.map(({ status }) =>
            Promise.race([status, new Promise((resolve) => setTimeout(resolve, 500, 0))]),
          ),
        );
        assert.equal(refused.filter((status) => status === 429).length, 7);
        // Some are answered, some leave.
        for (const response of [...waiting].slice(0, 2)) response.end("done");
        for (const { request } of requests) request.socket?.resetAndDestroy();
        assert.ok(await becomesTrue(() => waiting.size === 0, 20_000), "the backend sees them leave");
      }
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  test("a policy with errors lets nothing past; one that was good before stays in force", async () => {
    await using echo = await openEchoServer();
    const broken = policy(onGateway, "limits: [{ name: all, fixedWindow: { quota: 0, unit: Month } }]");
    await using heddle = await start(echo.port, broken);
    assert.deepEqual(await flooded(heddle, 10, 2), { 500: 10 });
    await change(heddle, broken.replace("quota: 0", "quota: 7"));
    assert.deepEqual(await flooded(heddle, 10, 2), { 200: 7, 429: 3 });
    writeFileSync(path.join(heddle.configFolder, "limits.yaml"), broken);
    const isTold = () => `${heddle.stderr()}${heddle.stdout()}`.includes("quota");
    assert.ok(await becomesTrue(isTold, 20_000), "it is told");
    assert.deepEqual(await flooded(heddle, 10, 2), { 429: 10 });
  });

  test("a client that says it is another is the same client, whatever it says it with", async () => {
    await using echo = await openEchoServer();
    await using heddle = await start(
      echo.port,
      policy(
        onGateway,
        "limits: [{ name: client, fixedWindow: { quota: 3, unit: Month }, key: [{ from: ClientIP }] }]",
      ),
    );
    const names = [
      "x-forwarded-for",
      "forwarded",
      "x-real-ip",
      "x-client-ip",
      "true-client-ip",
      "x-envoy-external-address",
    ];
    const statuses: number[] = [];
    for (let at = 0; at < 12; at++) {
      const value = `198.51.100.${at}`;
      const headers = Object.fromEntries(
        names.map((name) => [name, name === "forwarded" ? `for=${value}` : value]),
      );
      statuses.push((await fetch(`${heddle.urls.http}/one`, { headers })).status);
    }
    assert.deepEqual(statuses, [200, 200, 200, ...Array<number>(9).fill(429)]);
  });

  const places = {
    Gateway: onGateway,
    HTTPRoute: "{ kind: HTTPRoute, name: one }, { kind: HTTPRoute, name: two }",
    Backend: "{ kind: Backend, name: app }",
    Namespace: "{ kind: Namespace, name: default }",
  };
  for (const [kind, targets] of Object.entries(places)) {
    test(`the same policy on a ${kind} gives the same verdicts for the same requests`, async () => {
      await using echo = await openEchoServer();
      const limits = `limits: [
        { name: by-user, slidingWindow: { quota: 2, window: 1h }, key: [{ from: Header, name: X-User }], whenKeyMissing: Deny },
        { name: writes, fixedWindow: { quota: 1, unit: Month }, match: { methods: [POST] } }]`;
      await using heddle = await start(echo.port, policy(targets, limits));
      const table: [method: string, user: string, status: number][] = [
        ["GET", "a", 200],
        ["POST", "a", 200],
        ["GET", "a", 429],
        ["POST", "b", 429],
        ["GET", "b", 200],
        ["GET", "b", 200],
        ["GET", "b", 429],
        ["GET", "", 429],
      ];
      for (const [at, [method, user, status]] of table.entries()) {
        const headers: Record<string, string> = user === "" ? {} : { "x-user": user };
        const answer = await fetch(`${heddle.urls.http}/one`, { method, headers });
        assert.equal(answer.status, status, `request ${at}`);
      }
    });
  }

  test("explain says what a request is up against, and from where", async () => {
    await using echo = await openEchoServer();
    await using heddle = await start(
      echo.port,
      policy(onGateway, "limits: [{ name: all, concurrency: { quota: 9 } }]"),
    );
    const command = [launcher, "explain", "GET", `${heddle.urls.http}/one`, "-f", heddle.configFolder];
    const { stdout } = await promisify(execFile)(process.execPath, command);
    assert.match(stdout, /rate-limit: all: 9 in flight; answers 429 beyond/);
    assert.match(stdout, /limits: .*, by RateLimitPolicy default\/limits on Gateway default\/edge/);
  });
});
