import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import http from "node:http";
import path from "node:path";
import { test } from "node:test";
import {
  brotliCompressSync,
  brotliDecompressSync,
  gunzipSync,
  gzipSync,
  zstdDecompressSync,
} from "node:zlib";
import { startHeddle } from "@heddle/testkit";
import { gateway, openServer, service } from "./site.ts";
import { askPlain } from "./ways.ts";
import type { WayAnswer } from "./ways.ts";

/** A Gateway with one route to a Service with these endpoints, and a ContentPolicy on the route. */
const configuration = (port: number, backend: number, policy: string): string => `
${gateway(port)}${service("web", backend)}---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: web }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - filters:
        - { type: RequestHeaderModifier, requestHeaderModifier: { add: [{ name: X-Route, value: "1" }] } }
        - { type: ResponseHeaderModifier, responseHeaderModifier: { add: [{ name: X-Route, value: "1" }] } }
      backendRefs: [{ name: web, port: 80 }]
---
apiVersion: heddle.dev/v1alpha1
kind: ContentPolicy
metadata: { name: content }
spec:
  targetRefs: [{ kind: HTTPRoute, name: web }]
${policy}
`;

interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Buffer | string;
}

const ask = (
  port: number,
  path: string,
  { method = "GET", headers = {}, body }: Asked = {},
): Promise<WayAnswer> => askPlain(port, { path, method, headers: Object.entries(headers).flat(), body });

const start = (backend: number, policy: string, args: readonly string[] = ["--workers", "1"]) =>
  startHeddle({
    ports: ["edge"],
    files: ({ edge }) => ({ "shop.yaml": configuration(edge, backend, policy) }),
    args: [...args],
  });

const settled = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test("a cache answers what the backend allows, asks whether it is still good, and coalesces", async () => {
  let version = 1;
  await using backend = await openServer((request, response) => {
    const { pathname } = new URL(request.url!, "http://x");
    const etag = `"${version}"`;
    response.setHeader("etag", etag);
    if (pathname === "/private") response.setHeader("cache-control", "private, max-age=60");
    else if (pathname === "/check") response.setHeader("cache-control", "no-cache");
    else if (pathname === "/swr") response.setHeader("cache-control", "max-age=1, stale-while-revalidate=60");
    else response.setHeader("cache-control", "max-age=60");
    if (request.headers["if-none-match"] === etag) {
      response.writeHead(304).end();
      return;
    }
    const body = `${request.method} ${request.url} ${version} ${request.headers["x-route"]}`;
    const end = () => response.end(request.method === "POST" ? "" : body);
    if (pathname === "/slow") setTimeout(end, 200);
    else end();
  });
  await using heddle = await start(backend.port, "  cache: { key: { query: { except: [utm] } } }");
  const { edge } = heddle.ports;
  const get = (target: string, asked: Asked = {}) => ask(edge, target, asked);

  const first = await get("/a?x=1&utm=2");
  assert.equal(first.body.toString(), "GET /a?x=1 1 1");
  assert.equal(first.headers["cache-status"], "heddle; fwd=uri-miss; stored");
  const second = await get("/a?x=1&utm=3");
  assert.deepEqual(second.body, first.body);
  assert.match(String(second.headers["cache-status"]), /^heddle; hit; ttl=\d+$/);
  assert.equal(second.headers["x-route"], "1", "the route's own filters have been through once");
  assert.deepEqual(backend.asked, ["GET /a?x=1"]);

  const headOnly = await get("/a?x=1", { method: "HEAD" });
  assert.equal(headOnly.headers["content-length"], String(first.body.length));
  assert.equal((await get("/a?x=1", { headers: { "if-none-match": '"1"' } })).status, 304);
  const part = await get("/a?x=1", { headers: { range: "bytes=4-5" } });
  assert.deepEqual([part.status, part.body.toString()], [206, "/a"]);
  assert.deepEqual(backend.asked, ["GET /a?x=1"]);

  await get("/check");
  assert.equal((await get("/check")).headers["cache-status"], "heddle; fwd=stale; fwd-status=304");
  version = 2;
  assert.equal((await get("/check")).body.toString(), "GET /check 2 1");

  await get("/private");
  await get("/private");
  assert.equal(backend.asked.filter((one) => one === "GET /private").length, 2);

  await get("/a?x=1", { method: "POST", body: "x" });
  assert.equal((await get("/a?x=1")).body.toString(), "GET /a?x=1 2 1");

  const many = await Promise.all(Array.from({ length: 20 }, () => get("/slow")));
  assert.ok(many.every(({ body }) => body.toString() === "GET /slow 2 1"));
  assert.equal(backend.asked.filter((one) => one === "GET /slow").length, 1);

  await get("/swr");
  await settled(1_100);
  version = 3;
  assert.equal((await get("/swr")).body.toString(), "GET /swr 2 1", "at once");
  await settled(200);
  const refreshed = await get("/swr");
  assert.equal(
    refreshed.body.toString(),
    "GET /swr 3 1",
    "the background's request went by the route's filters",
  );
  assert.match(String(refreshed.headers["cache-status"]), /^heddle; hit/);

  const metrics = await (await fetch(`${heddle.api}/metrics`)).text();
  assert.match(metrics, /heddle_filter_events_total\{filter="cache",event="hit"\} [1-9]/);
});

test("all workers hear of a change", async () => {
  let version = 1;
  await using backend = await openServer((request, response) => {
    response.setHeader("cache-control", "max-age=60");
    response.end(request.method === "PUT" ? "" : String(version));
  });
  await using heddle = await start(backend.port, "  cache: {}", ["--workers", "2"]);
  const { edge } = heddle.ports;
  // New connections come to either.
  for (let at = 0; at < 20; at++) await ask(edge, "/a");
  assert.ok(backend.asked.length <= 2);
  version = 2;
  await ask(edge, "/a", { method: "PUT" });
  await settled(100);
  for (let at = 0; at < 20; at++) assert.equal((await ask(edge, "/a")).body.toString(), "2");
});

test("responses are compressed for those that take it, also from the cache, and request bodies are decompressed", async () => {
  const page = Buffer.from("<p>hello</p>".repeat(2_000));
  const seen = Promise.withResolvers<void>();
  await using backend = await openServer(async (request, response) => {
    if (request.method === "GET") {
      response.setHeader("content-type", "text/html");
      response.setHeader("etag", '"1"');
      response.setHeader("cache-control", "max-age=60");
      if (request.url === "/parts") {
        response.write("first ");
        await seen.promise;
        response.end("second");
      } else response.end(page);
      return;
    }
    let length = 0;
    for await (const chunk of request) length += (chunk as Buffer).length;
    response.end(`${request.headers["content-encoding"] ?? "plain"} ${length}`);
  });
  const policy = `
  cache: {}
  compression: { acceptEncoding: Remove }
  decompression: { maxBytes: 1000000 }`;
  await using heddle = await start(backend.port, policy);
  const { edge } = heddle.ports;
  for (const [coding, decode] of [
    ["gzip", gunzipSync],
    ["br", brotliDecompressSync],
    ["zstd", zstdDecompressSync],
  ] as const) {
    const { headers, body } = await ask(edge, "/page", { headers: { "accept-encoding": coding } });
    assert.equal(headers["content-encoding"], coding);
    assert.equal(headers["etag"], 'W/"1"');
    assert.equal(headers["vary"], "Accept-Encoding");
    assert.deepEqual(decode(body), page);
    const part = await ask(edge, "/page", {
      headers: { "accept-encoding": coding, "if-none-match": 'W/"1"' },
    });
    assert.deepEqual([part.status, part.headers["etag"]], [304, 'W/"1"']);
  }
  const plain = await ask(edge, "/page");
  assert.equal(plain.headers["content-encoding"], undefined);
  assert.deepEqual(plain.body, page);
  assert.equal(backend.asked.length, 1, "one stored response for all");

  await new Promise<void>((resolve) => {
    const request = http.get({
      port: edge,
      path: "/parts",
      headers: { "accept-encoding": "gzip" },
      agent: false,
    });
    request.on("response", (response) => {
      // The second part is not sent before the first has come.
      response.once("data", () => seen.resolve());
      response.once("end", resolve).resume();
    });
  });

  const body = Buffer.from("x".repeat(500_000));
  const post = (coding: string, sent: Buffer) =>
    ask(edge, "/", { method: "POST", headers: { "content-encoding": coding }, body: sent });
  assert.equal((await post("gzip", gzipSync(noise(400_000)))).body.toString(), "plain 400000");
  assert.equal((await post("br", brotliCompressSync(body))).status, 413, "ratio");
  assert.equal((await post("gzip", gzipSync(noise(1_000_001)))).status, 413);
  assert.equal((await post("gzip", Buffer.from("no gzip"))).status, 400);
  const twice = await post("gzip, gzip", gzipSync(gzipSync(body)));
  assert.deepEqual([twice.status, twice.headers["accept-encoding"]], [415, "zstd, br, gzip"]);
});

/** Octets that compress by a half or so, the same each time. */
function noise(length: number): Buffer {
  let state = 1;
  return Buffer.from(
    Array.from({ length }, () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return state >>> 28;
    }),
  );
}

test("JSON beyond bounds is refused at the octet that passes them, plain and compressed", async () => {
  await using backend = await openServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    response.end(body);
  });
  const policy = `
  decompression: {}
  json: { maxDepth: 8, maxBytes: 100000 }`;
  await using heddle = await start(backend.port, policy);
  const { edge } = heddle.ports;
  const post = (body: string, extra: Record<string, string> = {}) => {
    const sent = extra["content-encoding"] === "gzip" ? gzipSync(body) : body;
    return ask(edge, "/", {
      method: "POST",
      headers: { "content-type": "application/json", ...extra },
      body: sent,
    });
  };
  assert.equal((await post('{"a":[1,2,3]}')).body.toString(), '{"a":[1,2,3]}');
  assert.equal(
    (await post('{"a":[1,2,3]}', { "content-encoding": "gzip" })).body.toString(),
    '{"a":[1,2,3]}',
  );
  for (const [body, status] of [
    ["[".repeat(9) + "]".repeat(9), 400],
    ['{"__proto__":{"admin":true}}', 400],
    ['{"role":"user","role":"admin"}', 400],
    ["{", 400],
    [`"${"x".repeat(100_000)}"`, 413],
  ] as const) {
    assert.equal((await post(body)).status, status);
    assert.equal((await post(body, { "content-encoding": "gzip" })).status, status);
  }
});

test("operations of GraphQL beyond bounds do not reach the backend", async () => {
  await using backend = await openServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ data: { got: body.length } }));
  });
  const policy = `
  decompression: {}
  graphql: { maxDepth: 3, fieldCosts: [{ field: search, cost: 600 }] }`;
  await using heddle = await start(backend.port, policy);
  const { edge } = heddle.ports;
  const post = (query: string, extra: Record<string, string> = {}) => {
    const text = JSON.stringify({ query });
    const body = extra["content-encoding"] === "gzip" ? gzipSync(text) : text;
    return ask(edge, "/graphql", {
      method: "POST",
      headers: { "content-type": "application/json", ...extra },
      body,
    });
  };
  assert.equal((await post("{ a { b { c } } }")).status, 200);
  assert.equal((await post("{ a { b { c } } }", { "content-encoding": "gzip" })).status, 200);
  assert.equal((await ask(edge, `/graphql?query=${encodeURIComponent("{ a }")}`)).status, 200);
  assert.equal(backend.asked.length, 3);
  for (const query of [
    "{ a { b { c { d } } } }",
    "{ search x: search }",
    "{ __schema { types { name } } }",
    "{",
  ]) {
    const plain = await post(query);
    assert.equal(plain.status, 400);
    assert.ok(Array.isArray(JSON.parse(plain.body.toString()).errors));
    assert.equal((await post(query, { "content-encoding": "gzip" })).status, 400);
    assert.equal((await ask(edge, `/graphql?query=${encodeURIComponent(query)}`)).status, 400);
  }
  assert.equal(backend.asked.length, 3, "none of these");
});

const launcher = path.join(import.meta.dirname, "../../packages/heddle/bin/heddle.js");

function runHeddle(args: readonly string[]) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [launcher, ...args], (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

test("heddle cache purge: when it ends, no worker answers what it names", { timeout: 120_000 }, async () => {
  let version = 1;
  await using backend = await openServer((request, response) => {
    response.setHeader("cache-control", "max-age=600");
    response.setHeader("surrogate-key", `all ${request.url!.slice(1)}`);
    response.end(String(version));
  });
  await using heddle = await start(backend.port, "  cache: {}", ["--workers", "2"]);
  const { edge } = heddle.ports;
  const seen = async (target: string): Promise<string[]> => {
    const answers = new Set<string>();
    for (let at = 0; at < 16; at++) answers.add((await ask(edge, target)).body.toString());
    return [...answers];
  };
  assert.deepEqual([await seen("/a"), await seen("/b")], [["1"], ["1"]]);
  for (const [option, value] of [
    ["--url", "http://shop.example/a"],
    ["--tag", "a"],
  ]) {
    version++;
    const done = await runHeddle(["cache", "purge", option!, value!, "--state", heddle.stateFolder]);
    assert.deepEqual([done.code, done.stderr], [0, ""]);
    assert.match(done.stdout, /^purged in heddle \S+ \(pid \d+\)\n$/);
    assert.deepEqual([await seen("/a"), await seen("/b")], [[String(version)], ["1"]]);
  }
});

test("what is on disk is there for all workers, and after a restart", { timeout: 120_000 }, async () => {
  await using backend = await openServer((_request, response) => {
    response.setHeader("cache-control", "max-age=600");
    response.end("kept");
  });
  const policy = "  cache: { disk: { maxBytes: 10000000 } }";
  await using heddle = await start(backend.port, policy, ["--workers", "2"]);
  const { edge } = heddle.ports;
  const cacheFolder = path.join(heddle.stateFolder, "cache");
  await ask(edge, "/a");
  // The file is there a moment after the answer.
  for (let turn = 0; turn < 100 && !(await hasFiles(cacheFolder)); turn++) await settled(20);
  for (let at = 0; at < 16; at++) assert.equal((await ask(edge, "/a")).body.toString(), "kept");
  assert.equal(backend.asked.length, 1, "one worker asked for both");
  await using next = await startHeddle({ replaces: heddle, args: ["--workers", "2"] });
  for (let at = 0; at < 8; at++) {
    const { headers, body } = await ask(next.ports.edge, "/a");
    assert.equal(body.toString(), "kept");
    assert.match(String(headers["cache-status"]), /^heddle; hit/);
  }
  assert.equal(backend.asked.length, 1, "nor did the next process");
});

const hasFiles = async (folder: string): Promise<boolean> => {
  const all = await readdir(folder, { recursive: true }).catch(() => []);
  return all.some((name) => /[0-9a-f]{64}$/.test(name));
};
