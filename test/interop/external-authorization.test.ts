import assert from "node:assert/strict";
import http from "node:http";
import { after, before, describe, test } from "node:test";
import { listenOnFreePort } from "@heddle/testkit";
import { openAuthzServer, type AuthzServer, type CheckRequest } from "../conformance/ext-authz-server.ts";
import { type Fabric, openFabric } from "../conformance/fabric.ts";
import {
  endpoint,
  gateway,
  httpListener,
  prefix,
  route,
  rule,
  service,
  to,
} from "../conformance/manifests.ts";
import { type Ask, seen } from "../conformance/send.ts";

const header = (key: string, value: string, more: object = {}) => ({ header: { key, value }, ...more });

/** As OPA's plugin answers: a status, and what the policy says of headers. */
function authorize({ attributes }: CheckRequest): object | null {
  const { path, headers, body } = attributes.request.http;
  if (path.startsWith("/hang")) return null;
  if (path.startsWith("/broken")) return { code: 14 };
  if (headers["authorization"] === "Bearer good" || body === "let me in") {
    return {
      status: { code: 0 },
      ok_response: {
        headers: [
          header("X-User", "bob"),
          header("x-group", "b", { append: { value: true } }),
          header("x-kept", "new", { append_action: "ADD_IF_ABSENT" }),
        ],
        headers_to_remove: ["authorization"],
        response_headers_to_add: [header("x-checked", "yes")],
        query_parameters_to_set: [{ key: "tenant", value: "a&b" }],
        query_parameters_to_remove: ["debug"],
      },
    };
  }
  return {
    status: { code: 16 },
    denied_response: {
      status: { code: 401 },
      headers: [
        header("WWW-Authenticate", "Bearer"),
        header("set-cookie", "a=1"),
        header("set-cookie", "b=2"),
      ],
      body: "who are you?",
    },
  };
}

describe("external authorization", () => {
  let grpc: AuthzServer;
  let fabric: Fabric<"http">;
  const asked: { url: string; headers: http.IncomingHttpHeaders; body: string }[] = [];
  const forwardAuth = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { url = "", headers } = request;
      asked.push({ url, headers, body: Buffer.concat(chunks).toString() });
      const isGood = headers.cookie === "session=good";
      if (isGood) response.writeHead(202, { "x-user": "bob", "x-other": "1" }).end();
      else response.writeHead(302, { location: "https://login.test/" }).end("log in");
    });
  });

  before(async () => {
    grpc = await openAuthzServer(authorize);
    const httpPort = await listenOnFreePort(forwardAuth);
    const filter = (externalAuth: object) => ({ type: "ExternalAuth", externalAuth });
    const byGrpc = { protocol: "GRPC", backendRef: { name: "authz", port: 8080 }, grpc: {} };
    const byHttp = {
      protocol: "HTTP",
      backendRef: { name: "forward", port: 8080 },
      http: { path: "/verify", allowedHeaders: ["cookie"], allowedResponseHeaders: ["x-user"] },
    };
    fabric = await openFabric({
      ports: ["http"],
      services: ["infra/v1"],
      resources: ({ http: port }) => [
        gateway("infra/edge", [httpListener("http", port)]),
        service("infra/authz"),
        endpoint("infra/authz", grpc.port),
        service("infra/forward"),
        endpoint("infra/forward", httpPort),
        route(
          "infra/grpc",
          "edge",
          [rule([prefix("/")], "v1", { filters: [filter(byGrpc)] })],
          ["grpc.test"],
        ),
        route(
          "infra/grpc-body",
          "edge",
          [rule([prefix("/")], "v1", { filters: [filter({ ...byGrpc, forwardBody: { maxSize: 16 } })] })],
          ["body.test"],
        ),
        route(
          "infra/http",
          "edge",
          [rule([prefix("/")], "v1", { filters: [filter(byHttp)] })],
          ["http.test"],
        ),
        route(
          "infra/mesh",
          "edge",
          [{ matches: [prefix("/")], backendRefs: [to("v1", { filters: [filter(byGrpc)] })] }],
          ["backend.test"],
        ),
      ],
    });
  });
  after(async () => {
    await fabric?.[Symbol.asyncDispose]();
    grpc?.close();
    forwardAuth.closeAllConnections();
    forwardAuth.close();
  });

  const ask = (host: string, target: string, options?: Ask) =>
    fabric.ask("http", target, { host: `${host}.test`, ...options });

  test("Envoy's protocol: a server of another library reads the question, and its answer is obeyed", async () => {
    for (const host of ["grpc", "backend"]) {
      grpc.seen.length = 0;
      const answer = await ask(host, "/a/b?debug=1&x=2", {
        headers: {
          authorization: "Bearer good",
          "x-user": "admin",
          "x-group": "a",
          "x-kept": "old",
          "x-two": ["1", "2"],
        },
      });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers["x-checked"], "yes");
      assert.equal(answer.echo!.url, "/a/b?x=2&tenant=a%26b");
      assert.deepEqual(seen(answer, "x-user"), ["bob"]);
      assert.deepEqual(seen(answer, "x-group"), ["a", "b"]);
      assert.deepEqual(seen(answer, "x-kept"), ["old"]);
      assert.deepEqual(seen(answer, "authorization"), []);
      const { source, destination, request } = grpc.seen[0]!.attributes;
      assert.equal(source.address.socket_address.address, "127.0.0.1");
      assert.equal(destination.address.socket_address.port_value, fabric.ports.http);
      assert.ok(Math.abs(request.time.seconds - Date.now() / 1000) < 30);
      assert.equal(request.http.method, "GET");
      assert.equal(request.http.path, "/a/b?debug=1&x=2");
      assert.equal(request.http.host, `${host}.test`);
      assert.equal(request.http.scheme, "http");
      assert.equal(request.http.protocol, "HTTP/1.1");
      assert.equal(request.http.size, 0);
      assert.equal(request.http.headers["x-two"], "1,2");
      assert.equal(request.http.headers[":path"], "/a/b?debug=1&x=2");
    }
  });

  test("what it denies is answered as it says, and the backend hears nothing of it", async () => {
    const before = fabric.backends["infra/v1"]!.requestCount;
    const answer = await ask("grpc", "/");
    assert.equal(answer.status, 401);
    assert.equal(answer.body, "who are you?");
    assert.equal(answer.headers["www-authenticate"], "Bearer");
    assert.deepEqual([answer.headers["set-cookie"]].flat(), ["a=1", "b=2"]);
    assert.equal(fabric.backends["infra/v1"]!.requestCount, before);
  });

  test("a failure of the service lets nobody in, and a hanging one ends with the time limit", async () => {
    assert.equal((await ask("grpc", "/broken", { headers: { authorization: "Bearer good" } })).status, 403);
    assert.equal((await ask("grpc", "/hang")).status, 403);
  });

  test("a body goes to the service and to the backend; one that is too long to neither", async () => {
    grpc.seen.length = 0;
    const answer = await ask("body", "/", { method: "POST", body: "let me in" });
    assert.equal(answer.status, 200);
    assert.equal(answer.echo!.bodyLength, 9);
    assert.equal(grpc.seen[0]!.attributes.request.http.body, "let me in");
    assert.equal(grpc.seen[0]!.attributes.request.http.size, 9);
    assert.equal((await ask("body", "/", { method: "POST", body: "let me in, if you please" })).status, 413);
    assert.equal(grpc.seen.length, 1);
  });

  test("forward auth: asked for the request, obeyed in both ways", async () => {
    asked.length = 0;
    const good = await ask("http", "/a?b=c", {
      headers: { cookie: "session=good", "x-user": "admin", "x-secret": "s" },
    });
    assert.equal(good.status, 200);
    assert.deepEqual(seen(good, "x-user"), ["bob"]);
    assert.deepEqual(seen(good, "x-other"), []);
    assert.equal(asked[0]!.url, "/verify/a?b=c");
    assert.equal(asked[0]!.headers.host, "http.test");
    assert.equal(asked[0]!.headers["x-forwarded-uri"], "/a?b=c");
    assert.equal(asked[0]!.headers["x-secret"], undefined);
    const bad = await ask("http", "/", { headers: { "x-user": "admin" } });
    assert.equal(bad.status, 302);
    assert.equal(bad.headers["location"], "https://login.test/");
    assert.equal(bad.body, "log in");
  });
});
