import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { test } from "node:test";
import { becomesTrue, openEchoServer, startHeddle, type Echo, type RunningHeddle } from "@heddle/testkit";
import { siteOfBackend } from "./site.ts";

const launcher = path.join(import.meta.dirname, "../../packages/heddle/bin/heddle.js");
const heddle = (...argv: string[]) =>
  execFileSync(process.execPath, [launcher, ...argv], { encoding: "utf8" });

const configuration = (port: number, backend: number): string => `
${siteOfBackend(port, backend)}---
apiVersion: heddle.dev/v1alpha1
kind: AccessPolicy
metadata: { name: keys }
spec:
  targetRefs: [{ kind: HTTPRoute, name: web }]
  authentication:
    apiKeys:
      secrets: { selector: { matchLabels: { keys: shop } } }
      from: [{ header: { name: X-API-Key } }, { query: api_key }]
`;

interface Answer {
  readonly status: number;
  readonly challenge: string | undefined;
  readonly echo: Echo | null;
}

function ask({ ports }: RunningHeddle, headers: readonly string[], target = "/"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { port: ports.http, path: target, headers: ["host", "a.test", ...headers], agent: false };
    const request = http.request(options, async (response) => {
      let body = "";
      for await (const chunk of response) body += chunk;
      const status = response.statusCode!;
      const echo = status === 200 ? (JSON.parse(body) as Echo) : null;
      resolve({ status, challenge: response.headers["www-authenticate"], echo });
    });
    request.on("error", reject);
    request.end();
  });
}

test("keys of `heddle key create` let their consumers in, and overlap while one takes the place of another", async () => {
  await using backend = await openEchoServer();
  await using running = await startHeddle({
    files: ({ http: port }) => ({ "shop.yaml": configuration(port, backend.port) }),
    args: ["--access-log", "-", "--workers", "2"],
  });
  const file = path.join(running.configFolder, "keys.yaml");
  const create = (...argv: string[]) =>
    heddle("key", "create", "--consumer", "mobile", "-f", file, "--label", "keys=shop", ...argv).trim();
  const withKey = (key: string) => ask(running, ["x-api-key", key]);

  const before = await withKey("hdl_x");
  assert.equal(before.status, 401);
  assert.equal(before.challenge, 'ApiKey realm="heddle", header="x-api-key"');

  const first = create("--scopes", "orders:read");
  assert.ok(await becomesTrue(async () => (await withKey(first)).status === 200, 20_000));
  assert.ok(!readFileSync(file, "utf8").includes(first));
  const typo = `${first.slice(0, -1)}${first.endsWith("a") ? "b" : "a"}`;
  for (const [title, headers, target] of [
    ["none", [], "/"],
    ["a mistyped one", ["x-api-key", typo], "/"],
    ["one that is not known", ["x-api-key", heddle("key", "create", "--consumer", "x", "-o", "json").match(/"key": "(.*)"/)![1]!], "/"],
    ["two", ["x-api-key", first, "X-API-Key", first], "/"],
    ["one there and one here", ["x-api-key", first], `/?api_key=${first}`],
    ["in a header of another name", ["authorization", `Bearer ${first}`], "/"],
  ] as const)
    assert.equal((await ask(running, headers, target)).status, 401, title); // prettier-ignore

  const byHeader = await withKey(first);
  assert.ok(!JSON.stringify(byHeader.echo).includes(first), "the backend does not see the key");
  const byQuery = await ask(running, [], `/a?b=1&api_key=${first}`);
  assert.equal(byQuery.status, 200);
  assert.ok(!JSON.stringify(byQuery.echo).includes(first));

  const second = create("--overlap", "3s");
  assert.ok(await becomesTrue(async () => (await withKey(second)).status === 200, 20_000));
  assert.ok(
    await becomesTrue(async () => (await withKey(first)).status === 401, 20_000),
    "the first expires",
  );
  assert.equal((await withKey(second)).status, 200);

  const metrics = await (await fetch(`${running.api}/metrics`)).text();
  for (const event of ["mistyped", "unknown", "ambiguous", "expired"])
    assert.match(
      metrics,
      new RegExp(`heddle_filter_events_total\\{filter="api-key",event="${event}"\\} [1-9]`),
    );
  await running.stop();
  const printed = running.stdout() + running.stderr();
  for (const key of [first, second]) assert.ok(!printed.includes(key), "no key is logged");
});
