import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { test } from "node:test";
import { openEchoServer, startHeddle, type Echo } from "@heddle/testkit";

/** Filters as users write them: the module, and one that it imports. */
const code = (version: string): string => `
import { defineFilter } from "@heddle/filters/define";
import { Type } from "typebox";
import { version } from "./version.ts";
interface Seen { readonly at: number }
export default defineFilter({
  name: "tenant",
  schema: Type.Object(
    { header: Type.String(), fallback: Type.String({ default: "nobody" }) },
    { additionalProperties: false },
  ),
  create(config, context) {
    const seen = context.slot<Seen>();
    return {
      async requestHead(exchange) {
        seen.set(exchange, { at: context.clock.now() });
        const { path } = exchange.request;
        if (path === "/throw") throw new Error("boom of ${version}");
        if (path === "/reject") void Promise.reject(new Error("left behind"));
        if (path === "/timer") setTimeout(() => { throw new Error("left behind"); }, 1);
        if (path === "/slow") await new Promise((resolve) => setTimeout(resolve, 1000));
        if (path === "/busy") for (const until = performance.now() + 30; performance.now() < until; );
        exchange.request.fields.set(config.header, config.fallback);
      },
      responseHead(exchange, head) {
        head.fields.set("x-version", version);
        head.fields.set("x-seen", String(seen.get(exchange) !== undefined));
      },
    };
  },
});
`;

const version = (name: string): string => `export const version: string = "${name}";\n`;

const configuration = (port: number, backend: number, config: string = "{ header: x-tenant }"): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec: { gatewayClassName: heddle, listeners: [{ name: http, protocol: HTTP, port: ${port} }] }
---
apiVersion: heddle.dev/v1alpha1
kind: Filter
metadata: { name: tenant }
spec: { module: ./tenant.ts, config: ${config} }
---
apiVersion: heddle.dev/v1alpha1
kind: Filter
metadata: { name: outside }
spec: { module: ../../../../../etc/passwd }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: all }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - filters: [{ type: ExtensionRef, extensionRef: { group: heddle.dev, kind: Filter, name: tenant } }]
      backendRefs: [{ group: heddle.dev, kind: Backend, name: echo }]
    - matches: [{ path: { value: /outside } }]
      filters: [{ type: ExtensionRef, extensionRef: { group: heddle.dev, kind: Filter, name: outside } }]
      backendRefs: [{ group: heddle.dev, kind: Backend, name: echo }]
    - matches: [{ path: { value: /policy } }]
      name: policied
      backendRefs: [{ group: heddle.dev, kind: Backend, name: echo }]
---
apiVersion: heddle.dev/v1alpha1
kind: FilterPolicy
metadata: { name: by-policy }
spec:
  targetRefs: [{ kind: HTTPRoute, name: all, sectionName: policied }]
  filters: [{ name: tenant }]
---
apiVersion: heddle.dev/v1alpha1
kind: Backend
metadata: { name: echo }
spec: { url: "http://127.0.0.1:${backend}" }
`;

interface Answer {
  readonly status: number;
  readonly version: string | undefined;
  readonly seen: Echo | null;
}

function get(url: string, agent?: http.Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent, timeout: 20_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const status = response.statusCode!;
        const body = Buffer.concat(chunks).toString();
        const named = response.headers["x-version"] as string | undefined;
        resolve({ status, version: named, seen: status === 200 ? (JSON.parse(body) as Echo) : null });
      });
    });
    request.on("error", reject);
  });
}

const headerOf = ({ seen }: Answer, name: string): string | undefined =>
  seen!.headers.find(([key]) => key.toLowerCase() === name)?.[1];

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 30_000; performance.now() < end;) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`never: ${what}`);
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly message: string;
}

async function conditionOf(api: string, type: string): Promise<Condition> {
  const answer = await fetch(`${api}/apis/heddle.dev/v1alpha1/namespaces/default/filters/tenant`);
  const { status } = (await answer.json()) as { status: { conditions: Condition[] } };
  return status.conditions.find((one) => one.type === type)!;
}

test("a filter of the user's: run, changed under load, broken, mended", async (t) => {
  await using echo = await openEchoServer({ name: "echo" });
  await using heddle = await startHeddle({
    args: ["--workers", "2"],
    files: ({ http: port }) => ({
      "gateway.yaml": configuration(port, echo.port),
      "tenant.ts": code("v1"),
      "version.ts": version("v1"),
      "package.json": '{ "type": "module" }',
    }),
  });
  const { http: base } = heddle.urls;
  const write = (name: string, text: string) => writeFileSync(path.join(heddle.configFolder, name), text);
  const now = async () => (await get(`${base}/`)).version;

  await t.test("it sees requests and responses, by a rule and by a policy", async () => {
    for (const place of ["/", "/policy"]) {
      const answer = await get(base + place);
      assert.equal(answer.status, 200);
      assert.equal(answer.version, "v1", place);
      assert.equal(headerOf(answer, "x-tenant"), "nobody");
    }
  });

  await t.test("what leads out of the project is not loaded, and its rule is shut", async () => {
    assert.equal((await get(`${base}/outside`)).status, 500);
    assert.match(
      heddle.stderr(),
      /Filter default\/outside spec\.module: .*(leads out of the project|there is no file)/,
    );
  });

  await t.test("what it throws, and what it leaves behind, ends no worker", async () => {
    assert.equal((await get(`${base}/throw`)).status, 500);
    for (let i = 0; i < 4; i++) {
      assert.equal((await get(`${base}/reject`)).status, 200);
      assert.equal((await get(`${base}/timer`)).status, 200);
      assert.equal((await get(`${base}/busy`)).status, 200);
    }
    await until("all is counted", async () => {
      const metrics = await (await fetch(`${heddle.api}/metrics`)).text();
      return (
        metrics.includes('heddle_filter_events_total{filter="default/tenant",event="failed"} 9') &&
        metrics.includes('heddle_filter_over_budget_total{filter="default/tenant"} 4') &&
        metrics.includes("heddle_worker_restarts_total 0")
      );
    });
    assert.match(heddle.stderr(), /a filter failed/);
    assert.match(heddle.stderr(), /a filter kept its worker for \d+ ms/);
  });

  await t.test(
    "a change is in force without a failed request; what is under way ends on the old code",
    async () => {
      const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
      const work = { isOver: false };
      const seen = new Set<string | undefined>();
      const load = Array.from({ length: 8 }, async () => {
        while (!work.isOver) {
          const answer = await get(`${base}/`, agent);
          assert.equal(answer.status, 200);
          seen.add(answer.version);
        }
      });
      const slow = get(`${base}/slow`);
      await new Promise((resolve) => setTimeout(resolve, 200));
      // The module that is imported changes, not the one that the Filter names.
      write("version.ts", version("v2"));
      await until("v2", async () => (await now()) === "v2");
      write("version.ts", version("v3"));
      await until("v3", async () => (await now()) === "v3");
      work.isOver = true;
      await Promise.all(load);
      agent.destroy();
      assert.equal((await slow).version, "v1");
      assert.ok(seen.has("v1") && seen.has("v3"));
    },
  );

  await t.test(
    "a version with a mistake leaves the last good one, for new workers too, and says so",
    async () => {
      write("version.ts", 'export const version: string = "v4');
      await until(
        "it is told",
        async () => (await conditionOf(heddle.api, "ResolvedRefs")).status === "False",
      );
      const { message } = await conditionOf(heddle.api, "ResolvedRefs");
      assert.match(
        message,
        /^spec\.module: module does not load: .*\(version\.ts:1\); version .{12} stays in force$/,
      );
      assert.equal(await now(), "v3");
      rmSync(path.join(heddle.configFolder, "version.ts"));
      await until("it is told", async () =>
        /Cannot find module/.test((await conditionOf(heddle.api, "ResolvedRefs")).message),
      );
      assert.equal(await now(), "v3");
      write("version.ts", version("v5"));
      await until("v5", async () => (await now()) === "v5");
      await until(
        "it is told",
        async () => (await conditionOf(heddle.api, "ResolvedRefs")).status === "True",
      );
    },
  );

  await t.test("a configuration that does not fit shuts the rule, and names the field", async () => {
    write("gateway.yaml", configuration(heddle.ports.http, echo.port, "{ header: x, limit: 7 }"));
    await until("it is told", async () => (await conditionOf(heddle.api, "Accepted")).status === "False");
    const { message } = await conditionOf(heddle.api, "Accepted");
    assert.equal(message, "spec.config.limit: is not known to the filter; remove it");
    await until("shut", async () => (await get(`${base}/`)).status === 500);
    assert.match(heddle.stderr(), /gateway\.yaml:\d+:\d+: error: Filter default\/tenant spec\.config\.limit/);
    write("gateway.yaml", configuration(heddle.ports.http, echo.port, "{ header: x-who, fallback: x }"));
    await until("open", async () => (await get(`${base}/`)).status === 200);
    assert.equal(headerOf(await get(`${base}/`), "x-who"), "x");
  });
});
