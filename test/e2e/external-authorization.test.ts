import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import http from "node:http";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { listenOnFreePort, openEchoServer, startHeddle, type Echo } from "@heddle/testkit";

const launcher = path.join(import.meta.dirname, "../../packages/heddle/bin/heddle.js");

/** Lets in who has the word, and fails at /fail. */
async function openForwardAuth() {
  const asked: string[] = [];
  const server = http.createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.url === "/verify/fail") response.writeHead(503).end();
    else if (request.headers["x-word"] === "friend") response.writeHead(200, { "x-user": "bob" }).end();
    else response.writeHead(401, { "www-authenticate": "Word" }).end("say the word");
  });
  const port = await listenOnFreePort(server);
  return {
    port,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The same policy at a Gateway, and at the Service that another Gateway's route leads to. */
const configuration = (ports: { edge: number; plain: number }, backend: number, authz: number): string => `
${(["edge", "plain"] as const)
  .map(
    (name) => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: ${name} }
spec: { gatewayClassName: heddle, listeners: [{ name: http, protocol: HTTP, port: ${ports[name]} }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name} }
spec: { parentRefs: [{ name: ${name} }], rules: [{ backendRefs: [{ group: heddle.dev, kind: Backend, name: ${name === "edge" ? "open" : "guarded"} }] }] }
---`,
  )
  .join("")}
apiVersion: heddle.dev/v1alpha1
kind: AccessPolicy
metadata: { name: guard }
spec:
  targetRefs: [{ kind: Gateway, name: edge }, { kind: Backend, name: guarded }]
  externalAuthorization:
    backendRef: { group: heddle.dev, kind: Backend, name: authz }
    http: { path: /verify, requestHeaders: [X-Word], upstreamHeaders: [X-User] }
    cache: { key: [method, path, "header:X-Word"], ttl: 1m }
${[
  ["open", backend],
  ["guarded", backend],
  ["authz", authz],
]
  .map(
    ([name, port]) => `---
apiVersion: heddle.dev/v1alpha1
kind: Backend
metadata: { name: ${name} }
spec: { endpoints: [{ address: 127.0.0.1, port: ${port} }] }
`,
  )
  .join("")}`;

test("a policy that asks a service gives the same verdicts at a Gateway and at a Backend", async () => {
  await using backend = await openEchoServer();
  await using authz = await openForwardAuth();
  await using heddle = await startHeddle({
    ports: ["edge", "plain"],
    files: (ports) => ({ "shop.yaml": configuration(ports, backend.port, authz.port) }),
    args: ["--workers", "1"],
  });
  for (const url of [heddle.urls.edge, heddle.urls.plain]) {
    authz.asked.length = 0;
    const ask = (target: string, headers: Record<string, string> = {}) => fetch(url + target, { headers });
    const denied = await ask("/a", { "x-user": "admin" });
    assert.deepEqual(
      [denied.status, denied.headers.get("www-authenticate"), await denied.text()],
      [401, "Word", "say the word"],
    );
    for (let round = 0; round < 3; round++) {
      const allowed = await ask("/b", { "x-word": "friend", "x-user": "admin" });
      assert.equal(allowed.status, 200);
      const { headers } = (await allowed.json()) as Echo;
      const users = headers.filter(([name]) => name.toLowerCase() === "x-user").map(([, value]) => value);
      assert.deepEqual(users, ["bob"]);
    }
    assert.equal((await ask("/fail", { "x-word": "friend" })).status, 403);
    assert.deepEqual(authz.asked, ["GET /verify/a", "GET /verify/b", "GET /verify/fail"]);
  }
  const { stdout } = await promisify(execFile)(process.execPath, [
    launcher,
    "explain",
    "GET",
    `${heddle.urls.edge}/a`,
    "--api",
    heddle.api.replace("http://", ""),
  ]);
  assert.match(stdout, /asks backend\/default\/authz by HTTP whether the request may pass/);
  assert.match(stdout, /keeps verdicts 60000 ms by method, path, header x-word/);
});
