import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { startHeddle } from "@heddle/testkit";
import { main } from "./main.ts";

const launcher = path.resolve(import.meta.dirname, "../bin/heddle.js");

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), "heddle-cli-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(name: string, text: string): void {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** Its exit code and what it printed. */
interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a command in the folder, so that paths in its output are relative. */
function heddle(...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [launcher, ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
}

/** The same in this process, which takes a hundredth of the time. */
async function heddleHere(...args: string[]): Promise<Ended> {
  const ended: Ended = { code: null, stdout: "", stderr: "" };
  const terminal = {
    out: (text: string) => void (ended.stdout += text),
    err: (text: string) => void (ended.stderr += text),
    hasColor: false,
  };
  const before = process.cwd();
  process.chdir(folder);
  ended.code = await main(args, terminal).finally(() => process.chdir(before));
  return ended;
}

const gateway = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: shop }
spec:
  gatewayClassName: heddle
  listeners:
    - { name: http, protocol: HTTP, port: 8080, hostname: "*.localhost" }
`;

const catalog = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: catalog, namespace: shop }
spec:
  parentRefs: [{ name: edge }]
  hostnames: [shop.localhost]
  rules:
    - name: canary
      matches:
        - path: { type: PathPrefix, value: /api }
          headers: [{ name: X-Canary, value: always }]
      backendRefs: [{ name: catalog-v2, port: 80 }]
    - matches: [{ path: { type: PathPrefix, value: /api } }]
      filters:
        - type: RequestHeaderModifier
          requestHeaderModifier: { set: [{ name: channel, value: web }] }
        - type: URLRewrite
          urlRewrite: { path: { type: ReplacePrefixMatch, replacePrefixMatch: / } }
      timeouts: { request: 2s, backendRequest: 500ms }
      retry: { attempts: 2, codes: [503] }
      backendRefs:
        - { group: heddle.dev, kind: Backend, name: catalog-v1, weight: 9 }
        - { name: catalog-v2, port: 80, weight: 1 }
---
apiVersion: heddle.dev/v1alpha1
kind: Backend
metadata: { name: catalog-v1, namespace: shop }
spec: { url: "http://127.0.0.1:4102" }
---
apiVersion: v1
kind: Service
metadata: { name: catalog-v2, namespace: shop }
spec: { ports: [{ port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: catalog-v2, namespace: shop, labels: { kubernetes.io/service-name: catalog-v2 } }
addressType: IPv4
ports: [{ port: 4103 }]
endpoints: [{ addresses: [127.0.0.1] }, { addresses: [127.0.0.2] }]
`;

describe("heddle check", () => {
  test("says what is wrong, where, and what mends it", async () => {
    put("gateway.yaml", `${gateway}    - { name: alt, protocol: HTTP3, port: 9000 }\n`);
    put(
      "routes/bad.yaml",
      `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: bad, namespace: shop }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - matches: [{ path: { type: Prefix, value: /x } }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: lost, namespace: shop }
spec:
  parentRef: [{ name: edge }]
  parentRefs: [{ name: edge }]
  rules:
    - backendRefs: [{ name: nobody, port: 80 }]
`,
    );
    put("routes/cut.yaml", "kind: [\n");
    put("routes/twice.yaml", gateway);
    const { code, stdout, stderr } = await heddleHere("check", "gateway.yaml", "routes");
    assert.deepEqual([code, stderr], [1, ""]);
    const lines = stdout.trimEnd().split("\n");
    const has = (pattern: RegExp) =>
      assert.ok(
        lines.some((line) => pattern.test(line)),
        `${pattern}\n${stdout}`,
      );
    has(
      /^gateway\.yaml:8:\d+: error: Gateway shop\/edge spec\.listeners\[1\]\.protocol: unknown protocol HTTP3/,
    );
    has(/^routes\/bad\.yaml:7:\d+: error: HTTPRoute shop\/bad spec\.rules\[0\]\.matches\[0\]\.path\.type: /);
    has(/^routes\/bad\.yaml:13:3: error: HTTPRoute shop\/lost spec\.parentRef: .*parentRefs/);
    has(
      /^routes\/bad\.yaml:16:\d+: error: HTTPRoute shop\/lost spec\.rules\[0\]\.backendRefs\[0\]\S*: .*nobody/,
    );
    has(/^routes\/cut\.yaml:2:1: error: /);
    has(
      /^routes\/twice\.yaml:1:1: error: Gateway shop\/edge: is given twice, first at gateway\.yaml:1:1; remove one$/,
    );
    assert.equal(lines.at(-1), "3 resources: 6 errors, 0 warnings");
  });

  test("a good configuration: one line and exit code 0, as data too", async () => {
    put("a.yaml", `${gateway}---\n${catalog}`);
    assert.deepEqual(await heddle("check", "a.yaml"), {
      code: 0,
      stdout: "5 resources: 0 errors, 0 warnings\n",
      stderr: "",
    });
    const { stdout } = await heddleHere("check", "-o", "json", "a.yaml");
    assert.deepEqual(JSON.parse(stdout), { problems: [], resources: 5, errors: 0, warnings: 0 });
  });

  test("a folder without anything to check says what is looked for", async () => {
    put("routes/notes.txt", "nothing\n");
    const { code, stdout } = await heddleHere("check", "routes");
    assert.deepEqual(
      { code, stdout },
      { code: 0, stdout: "0 resources: 0 errors, 0 warnings; what is read ends with .yaml, .yml or .json\n" },
    );
  });

  test("the module of a Filter that is taken for a package says how a path begins", async () => {
    const filter = "apiVersion: heddle.dev/v1alpha1\nkind: Filter\nmetadata: { name: f }\n";
    put("f.yaml", `${filter}spec: { module: tenant.ts }\n`);
    const { stdout } = await heddleHere("check", "f.yaml");
    assert.match(stdout, /Cannot find package 'tenant\.ts'.*; the path of a file begins with \.\/\n/);
  });

  test("a heddle.config.ts of the folder is checked without being named", async () => {
    put("heddle.config.ts", 'export default { routes: { "shop.localhost": "http://127.0.0.1:1/path" } };\n');
    const { code, stdout } = await heddleHere("check");
    assert.equal(code, 1);
    assert.match(
      stdout,
      /^heddle\.config\.ts: error: shop\.localhost=http:\/\/127\.0\.0\.1:1\/path: spec\.url must be a URL/,
    );
  });

  test("a reader that has seen enough gets no stack trace into its terminal", async () => {
    put("bad.yaml", "a: b\n---\n".repeat(50));
    const child = spawn(process.execPath, [launcher, "check", "bad.yaml"], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.stdout.destroy();
    const code = await new Promise((resolve) => child.on("close", resolve));
    assert.deepEqual([code, stderr], [1, ""]);
  });

  test("wrong command lines end with 2 and say what to do", async () => {
    const ends = async (args: string[], message: RegExp, run = heddleHere) => {
      const { code, stdout, stderr } = await run(...args);
      assert.deepEqual([code, stdout], [2, ""], args.join(" "));
      assert.match(stderr, message);
    };
    await ends(["check"], /^heddle: name a file or folder to check/);
    await ends(["check"], /^heddle: name a file or folder to check/, heddle);
    await ends(["check", "none.yaml"], /^heddle: none\.yaml: no such file or folder\n/);
    await ends(["chek"], /unknown command 'chek'\n\(Did you mean check\?\)/);
    await ends(["run", "--prot", "1"], /unknown option '--prot'\n\(Did you mean --port\?\)/);
    await ends(["run", "--port", "0"], /must be a port from 1 to 65535/);
    await ends(["run", "--route", "x"], /^heddle: --route x: has no "="/);
    await ends(["run", "--address-pool", "10.0.0.0"], /must be an IPv4 range/);
    await ends(["run", "-f", "none.yaml"], /none\.yaml: no such file or folder/);
    await ends([], /Usage: heddle/);
  });
});

const expected = `GET http://shop.localhost:8080/api/products
  listener [::]/8080
    server shop/edge/http (*.localhost)
    route shop/catalog rule 1: PathPrefix /api
      filter header-modifier: request headers: sets channel: web
      filter rewrite: path becomes /products
      timeout of the request: 2000 ms
      timeout of one attempt: 500 ms
      retries: 2, on 503, after 25 ms at first
      backend backend/shop/catalog-v1, 90 %
        endpoint 127.0.0.1:4102
      backend service/shop/catalog-v2/80, 10 %
        endpoint 127.0.0.1:4103
        endpoint 127.0.0.2:4103
    others, in order of precedence:
      shop/catalog rule canary (PathPrefix /api, header x-canary = always): header x-canary is missing
`;

const streams = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: shop }
spec:
  gatewayClassName: heddle
  listeners:
    - { name: tcp, protocol: TCP, port: 5432 }
    - { name: dns, protocol: UDP, port: 53 }
    - { name: pass, protocol: TLS, port: 5433, hostname: "*.example.org", tls: { mode: Passthrough } }
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: { name: db, namespace: shop }
spec:
  parentRefs: [{ name: edge }]
  hostnames: [db.example.org]
  rules: [{ backendRefs: [{ name: db, port: 5432, weight: 9 }, { name: gone, port: 1 }] }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: { name: any, namespace: shop }
spec:
  parentRefs: [{ name: edge }]
  hostnames: ["*.example.org"]
  rules: [{ backendRefs: [{ name: db, port: 5432 }] }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: UDPRoute
metadata: { name: dns, namespace: shop }
spec:
  parentRefs: [{ name: edge }]
  rules: [{ backendRefs: [{ name: dns, port: 53 }] }]
---
apiVersion: v1
kind: Service
metadata: { name: db, namespace: shop }
spec: { ports: [{ port: 5432 }] }
---
apiVersion: v1
kind: Service
metadata: { name: dns, namespace: shop }
spec: { ports: [{ port: 53, protocol: UDP }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: db-0, namespace: shop, labels: { kubernetes.io/service-name: db } }
addressType: IPv4
ports: [{ port: 4105 }]
endpoints: [{ addresses: [127.0.0.1] }]
`;

describe("heddle explain", () => {
  test("prints the way of a request, and why not another", async () => {
    put("a.yaml", `${gateway}---\n${catalog}`);
    const url = "http://shop.localhost:8080/api/products";
    assert.deepEqual(await heddle("explain", "GET", url, "-f", "a.yaml"), {
      code: 0,
      stdout: expected,
      stderr: "",
    });
    const canary = await heddleHere("explain", "GET", url, "-f", "a.yaml", "-H", "x-canary: always");
    assert.match(
      canary.stdout,
      /\n {4}route shop\/catalog rule canary: PathPrefix \/api, header x-canary = always\n/,
    );
    assert.match(
      canary.stdout,
      /shop\/catalog rule 1 \(PathPrefix \/api\): would match too, and comes later in precedence\n/,
    );
    const data = JSON.parse(
      (await heddleHere("explain", "GET", url, "-f", "a.yaml", "-o", "json")).stdout,
    ) as {
      listeners: { match: { rule: string; backends: { share: number }[] } }[];
    };
    assert.equal(data.listeners[0]!.match.rule, "1");
    assert.equal(data.listeners[0]!.match.backends[0]!.share, 0.9);
  });

  test("says why nothing takes a request, with exit code 1", async () => {
    put("a.yaml", `${gateway}---\n${catalog}`);
    const explain = async (url: string) => {
      const { code, stdout } = await heddleHere("explain", "GET", url, "-f", "a.yaml");
      assert.equal(code, 1);
      return stdout;
    };
    assert.match(
      await explain("http://shop.localhost:9/"),
      /no listener serves http on port 9; there is http at \[::\]\/8080\n/,
    );
    assert.match(
      await explain("http://example.com:8080/"),
      /no hostname of its listeners fits: answered with 404\n/,
    );
    const none = await explain("http://shop.localhost:8080/other");
    assert.match(none, /no rule matches: answered with 404\n/);
    assert.match(none, /shop\/catalog rule 1 \(PathPrefix \/api\): path is not below \/api\n/);
  });

  test("without -f asks the running heddle, and says so where there is none", async () => {
    await using running = await startHeddle({
      files: ({ http }) => ({ "a.yaml": `${gateway.replace("8080", String(http))}---\n${catalog}` }),
    });
    const api = new URL(running.api).host;
    const url = `http://shop.localhost:${running.ports.http}/api/products`;
    const { code, stdout } = await heddleHere("explain", "GET", url, "--api", api);
    assert.equal(stdout, expected.replaceAll("8080", String(running.ports.http)));
    assert.equal(code, 0);
    await running.stop();
    const none = await heddle("explain", "GET", url, "--api", api);
    assert.deepEqual([none.code, none.stdout], [1, ""]);
    assert.match(none.stderr, /^heddle: no heddle answers at 127\.0\.0\.1:\d+; start one with heddle run/);
  });

  test("prints the way of connections and datagrams, and why not another", async () => {
    put("a.yaml", streams);
    const explain = async (url: string, code: number) => {
      const told = await heddleHere("explain", url, "-f", "a.yaml");
      assert.deepEqual([told.code, told.stderr], [code, ""], url);
      return told.stdout;
    };
    assert.equal(
      await explain("tls://db.example.org:5433", 0),
      `tls://db.example.org:5433
  listener [::]/5433
    server shop/edge/pass (*.example.org)
    TLS is passed on unopened
    route tlsroute/shop/db rule 0: db.example.org
      backend service/shop/db/5432+tls, 90 %
        endpoint 127.0.0.1:4105
      backend that does not resolve, 10 %: closed
    others, in order of precedence:
      tlsroute/shop/any (*.example.org): would take it too, and has a less specific hostname
`,
    );
    assert.match(
      await explain("tls://x.example.org:5433", 0),
      /route tlsroute\/shop\/any rule 0: \*\.example/,
    );
    assert.match(await explain("tls://example.net:5433", 1), /no hostname of its listeners fits: closed\n$/);
    assert.equal(
      await explain("udp://localhost:53", 0),
      `udp://localhost:53
  listener [::]/53/udp
    server shop/edge/dns
    route udproute/shop/dns rule 0
      backend service/shop/dns/53+udp, 100 %
        no endpoints: dropped
`,
    );
    assert.match(await explain("tcp://localhost:5432", 1), /no route takes it: closed\n$/);
    assert.match(await explain("tcp://localhost:1", 1), /no listener serves tcp on port 1; there is /);
    const data = await heddleHere("explain", "tls://db.example.org:5433", "-f", "a.yaml", "-o", "json");
    const { listeners } = JSON.parse(data.stdout) as { listeners: { match: { route: string } }[] };
    assert.equal(listeners[0]!.match.route, "tlsroute/shop/db");
  });

  test("says what a gRPC client sees of a call that nothing takes", async () => {
    put("a.yaml", `${gateway}---\n${catalog}`);
    const call = ["explain", "POST", "-H", "content-type: application/grpc", "-f", "a.yaml"];
    const { code, stdout } = await heddleHere(...call, "http://shop.localhost:8080/shop.Stock/Get");
    assert.equal(code, 1);
    assert.match(stdout, /no rule matches: answered with grpc-status 12 UNIMPLEMENTED in HTTP 200\n/);
    assert.match(
      (await heddleHere(...call, "http://example.com:8080/shop.Stock/Get")).stdout,
      /no hostname of its listeners fits: answered with grpc-status 12 UNIMPLEMENTED in HTTP 200\n/,
    );
  });

  test("knows where Heddle would be by --zone or HEDDLE_ZONE", async () => {
    put("gateway.yaml", gateway);
    put(
      "near.yaml",
      `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: near, namespace: shop }
spec:
  parentRefs: [{ name: edge }]
  rules: [{ backendRefs: [{ group: heddle.dev, kind: Backend, name: near }] }]
---
apiVersion: heddle.dev/v1alpha1
kind: Backend
metadata: { name: near, namespace: shop }
spec: { endpoints: [{ address: 10.0.0.1, port: 80, zone: a }, { address: 10.0.0.2, port: 80, zone: b }] }
---
apiVersion: heddle.dev/v1alpha1
kind: TrafficPolicy
metadata: { name: near, namespace: shop }
spec:
  targetRefs: [{ kind: Backend, name: near }]
  balancing: { algorithm: RoundRobin, zone: { mode: Strict } }
`,
    );
    const ask = ["explain", "GET", "http://shop.localhost:8080/", "-f", "."];
    const there = await heddleHere(...ask, "--zone", "b");
    assert.match(there.stdout, /endpoints of zone b alone\n +endpoint 10\.0\.0\.2:80, zone b\n/);
    assert.doesNotMatch(there.stdout, /10\.0\.0\.1/);
    const nowhere = await heddleHere(...ask);
    assert.match(nowhere.stdout, /its own zone, which is not known alone\n +no endpoints/);
  });

  test("what is no request is a wrong command line", async () => {
    const { code, stderr } = await heddleHere("explain", "GET", "shop.localhost/api", "-f", ".");
    assert.equal(code, 2);
    assert.match(stderr, /"shop\.localhost\/api" is no URL such as/);
    for (const args of [["GET"], ["tcp://localhost:1", "http://a/"], ["tcp://localhost"]]) {
      assert.equal((await heddleHere("explain", ...args, "-f", ".")).code, 2, args.join(" "));
    }
  });
});

test("--version and --help go to standard output with exit code 0", async () => {
  const version = await heddleHere("--version");
  assert.deepEqual([version.code, /^\d+\.\d+\.\d+\n$/.test(version.stdout)], [0, true]);
  const help = await heddleHere("--help");
  assert.equal(help.code, 0);
  for (const command of ["run", "check", "explain"])
    assert.match(help.stdout, new RegExp(`\\n {2}${command} `));
  assert.equal((await heddleHere("run", "--help")).code, 0);
});
