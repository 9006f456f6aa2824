import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { becomesTrue, connectHttp2, openEchoServer, startHeddle, type RunningHeddle } from "@heddle/testkit";
import { backend, certificate, route } from "./hostile/setup/resources.ts";
import { openWays, type WayPorts } from "./ways.ts";

const launcher = path.join(import.meta.dirname, "../../packages/heddle/bin/heddle.js");

const gateways = ({ http, https }: WayPorts, plain: number): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: heddle
  listeners:
    - { name: http, protocol: HTTP, port: ${http}, hostname: "*.example" }
    - { name: https, protocol: HTTPS, port: ${https}, tls: { certificateRefs: [{ name: leaf }] } }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: plain }
spec: { gatewayClassName: heddle, listeners: [{ name: http, protocol: HTTP, port: ${plain} }] }
---
apiVersion: heddle.dev/v1alpha1
kind: ContentPolicy
metadata: { name: pages }
spec:
  targetRefs: [{ kind: Gateway, name: edge }]
  errorPages:
    pages:
      - { statuses: ["404"], format: HTML, content: { configMap: { name: texts, key: page } } }
      - { statuses: ["404"], format: Problem }
---
apiVersion: heddle.dev/v1alpha1
kind: AccessPolicy
metadata: { name: headers }
spec:
  targetRefs: [{ kind: Gateway, name: edge }]
  authentication: { basic: { secretRef: { name: nowhere } } }
  securityHeaders: {}
---
apiVersion: heddle.dev/v1alpha1
kind: FilterPolicy
metadata: { name: count }
spec:
  targetRefs: [{ kind: Gateway, name: edge }]
  filters: [{ name: count, stage: Outermost }, { name: never }]
---
apiVersion: heddle.dev/v1alpha1
kind: Filter
metadata: { name: count }
spec: { module: ./count.js, config: { label: outermost } }
---
apiVersion: heddle.dev/v1alpha1
kind: Filter
metadata: { name: never }
spec: { module: ./count.js, config: { label: never } }
`;

const texts = (page: string): string => `
apiVersion: v1
kind: ConfigMap
metadata: { name: texts }
data: { page: "${page}" }
`;

const filter = `
import { defineFilter, textReply } from "@heddle/filters/define";
export default defineFilter({
  name: "count",
  schema: { type: "object", properties: { label: { type: "string" } }, required: ["label"] },
  create({ label }) {
    return {
      requestHead(exchange) {
        if (exchange.request.path === "/teapot") return textReply(418, label);
      },
      responseHead(exchange, head) {
        head.fields.add("x-seen", label + " " + exchange.match.route + head.status);
      },
    };
  },
});
`;

async function explain(heddle: RunningHeddle<string>, url: string): Promise<string> {
  const args = [launcher, "explain", "GET", url, "-f", heddle.configFolder];
  // It says so by its exit code, too, that nothing takes the request.
  return promisify(execFile)(process.execPath, args).then(
    () => assert.fail("a route takes it"),
    (error: { code: number; stdout: string }) => {
      assert.equal(error.code, 1);
      return error.stdout;
    },
  );
}

test("what no route takes is refused with the Gateway's error pages and security headers", async (t) => {
  await using ways = await openWays();
  await using echo = await openEchoServer();
  await using heddle = await startHeddle({
    ports: ["http", "https", "plain"],
    files: (ports) => ({
      "site.yaml":
        gateways(ports, ports.plain) +
        certificate("leaf", ways.certificate) +
        backend("echo", echo.port) +
        route({ name: "some", gateway: "plain", backend: "echo", matches: ["{ path: { value: /some } }"] }),
      "texts.yaml": texts("<p>nothing at ${request.path} ${route.name}</p>"),
      "count.js": filter,
      "package.json": '{ "type": "module" }',
    }),
    args: ["--workers", "1", "--access-log", "-"],
  });
  const html = ["accept", "text/html"];
  for (const way of ways.all)
    await t.test(way.name, async () => {
      const page = await way.ask(heddle.ports, { path: "/a", headers: html });
      assert.equal(page.status, 404);
      assert.equal(page.body.toString(), "<p>nothing at /a </p>");
      assert.equal(page.headers["x-content-type-options"], "nosniff");
      assert.equal(page.headers["x-seen"], "outermost 404");
      const head = await way.ask(heddle.ports, { method: "HEAD", path: "/a", headers: html });
      assert.deepEqual([head.status, head.body.length], [404, 0]);
      const post = await way.ask(heddle.ports, {
        method: "POST",
        headers: ["accept", "application/json"],
        body: "x".repeat(200_000),
      });
      assert.equal(post.headers["content-type"], "application/problem+json");
      assert.equal(JSON.parse(post.body.toString()).code, "HDL_NO_ROUTE");
      const pot = await way.ask(heddle.ports, { path: "/teapot" });
      assert.deepEqual([pot.status, pot.body.toString()], [418, "outermost"]);
    });

  await t.test("a host that no listener of the port has", async () => {
    const answer = await ways.all[0]!.ask(heddle.ports, {
      authority: "other.test",
      path: "/b",
      headers: html,
    });
    assert.deepEqual([answer.status, answer.body.toString()], [404, "<p>nothing at /b </p>"]);
  });

  await t.test("a call of gRPC", async () => {
    await using client = await connectHttp2(heddle.ports.http);
    const answer = await client.request(
      { ":method": "POST", ":path": "/a.B/C", "content-type": "application/grpc", te: "trailers" },
      { body: Buffer.alloc(5) },
    );
    assert.deepEqual([answer.status, answer.headers["grpc-status"], answer.body.length], [200, "12", 0]);
    assert.equal(answer.headers["x-content-type-options"], "nosniff");
  });

  await t.test("a Gateway without policies is as it was", async () => {
    const answer = await fetch(`${heddle.urls.plain}/a`);
    assert.deepEqual([answer.status, answer.headers.get("x-content-type-options")], [404, null]);
    assert.match(await answer.text(), /HDL_NO_ROUTE/);
    assert.equal((await fetch(`${heddle.urls.plain}/some`)).status, 200);
  });

  await t.test("counters, the access log, statuses and explain know of no route", async () => {
    const metrics = await (await fetch(`${heddle.api}/metrics`)).text();
    const has = (line: RegExp): boolean => line.test(metrics);
    assert.ok(!has(/^heddle_requests_total\{route="(?!default\/some"|none")/m), "no route counts them");
    assert.ok(has(/^heddle_requests_total\{route="none",code_class="4xx"\} [1-9]/m));
    assert.ok(has(/^heddle_faults_total\{[^}]*HDL_NO_ROUTE[^}]*\} [1-9]/m));
    assert.ok(has(/^heddle_filter_events_total\{filter="error-pages",event="page"\} [1-9]/m));
    const lines = () =>
      heddle
        .stdout()
        .split("\n")
        .filter((line) => line.includes('"path":"/a"'));
    assert.ok(await becomesTrue(() => lines().length >= 9, 20_000), heddle.stdout());
    for (const line of lines()) {
      const { route: of, rule, fault } = JSON.parse(line) as Record<string, string>;
      assert.deepEqual([of ?? "", rule ?? "", fault], ["", "", "HDL_NO_ROUTE"], line);
    }
    const at = `${heddle.api}/apis/gateway.networking.k8s.io/v1/namespaces/default/gateways/edge`;
    const { status } = (await (await fetch(at)).json()) as {
      status: { listeners: { attachedRoutes: number }[] };
    };
    assert.deepEqual(
      status.listeners.map(({ attachedRoutes }) => attachedRoutes),
      [0, 0],
    );
    const text = await explain(heddle, `http://shop.example:${heddle.ports.http}/a`);
    assert.match(
      text,
      /no rule matches: answered with 404\n +filter security-headers: .*\n +filter error-pages: /,
    );
    assert.match(text, /errorPages: .*, by ContentPolicy default\/pages on Gateway default\/edge\n/);
    const other = await explain(heddle, `http://other.test:${heddle.ports.http}/a`);
    assert.match(other, /no hostname of its listeners fits: answered with 404\n +filter security-headers/);
  });

  await t.test("pages follow their text, and vanish with their policy", async () => {
    const ask = () => ways.all[0]!.ask(heddle.ports, { path: "/c", headers: html });
    writeFileSync(path.join(heddle.configFolder, "texts.yaml"), texts("<p>gone</p>"));
    assert.ok(await becomesTrue(async () => (await ask()).body.toString() === "<p>gone</p>", 20_000));
    const site = path.join(heddle.configFolder, "site.yaml");
    const without = readFileSync(site, "utf8").replaceAll(
      "kind: Gateway, name: edge",
      "kind: Gateway, name: plain",
    );
    writeFileSync(site, without);
    assert.ok(
      await becomesTrue(async () => (await ask()).headers["x-content-type-options"] === undefined, 20_000),
    );
    assert.match((await ask()).body.toString(), /HDL_NO_ROUTE/);
  });
});
