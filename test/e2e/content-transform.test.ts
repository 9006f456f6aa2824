import assert from "node:assert/strict";
import { test } from "node:test";
import zlib from "node:zlib";
import { startHeddle } from "@heddle/testkit";
import { openServer, siteOfService } from "./site.ts";

const configuration = (port: number, backend: number, more = ""): string => `
${siteOfService(port, backend)}---
apiVersion: heddle.dev/v1alpha1
kind: ContentPolicy
metadata: { name: web }
spec:
  targetRefs: [{ kind: HTTPRoute, name: web }]
  transform:
    rules:
      - methods: [PUT]
        path: /users/{id}
        request:
          path: "/update/\${path.id}"
          method: POST
          headers: { set: [{ name: X-Q, value: "\${query.q}" }] }
          query: { remove: [q] }
          json: { set: [{ pointer: /meta/id, value: "\${path.id}" }] }
        response:
          status: 202
          headers: { set: [{ name: X-Seen, value: "\${path.id}" }] }
          json: { remove: [/secret] }
${more}`;

test("requests and responses are transformed, in a running Heddle", async () => {
  const asked: string[] = [];
  await using server = await openServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    asked.push(`${request.method} ${request.url} ${request.headers["x-q"] ?? ""} ${body}`);
    response.setHeader("content-type", body.includes("text") ? "text/plain" : "application/json");
    response.end('{"secret":1,"big":12345678901234567890}');
  });
  await using heddle = await startHeddle({
    ports: ["edge"],
    files: ({ edge }) => ({ "shop.yaml": configuration(edge, server.port) }),
    args: ["--workers", "1"],
  });
  const at = `http://127.0.0.1:${heddle.ports.edge}`;
  const put = (path: string, body: string) =>
    fetch(`${at}${path}`, { method: "PUT", body, headers: { "content-type": "application/json" } });

  const good = await put("/users/7%20a?q=x&r=1", '{"n":1}');
  assert.deepEqual([good.status, good.headers.get("x-seen")], [202, "7 a"]);
  assert.equal(await good.text(), '{"big":12345678901234567890}');
  assert.deepEqual(asked.splice(0), ['POST /update/7%20a?r=1 x {"n":1,"meta":{"id":"7 a"}}']);

  for (const [path, body] of [
    ["/users/7?q=a%0d%0aX-Evil:%201", "{}"],
    ["/users/7", '{"meta":1}'],
    ["/users/7", '{"a":1,"a":2}'],
  ] as const) {
    const refused = await put(path, body);
    assert.equal(refused.status, 400, path);
    assert.equal(refused.headers.get("content-type"), "application/problem+json");
    await refused.text();
  }
  assert.deepEqual(asked.splice(0), [], "what was refused never got there");

  const answered = await put("/users/7", '{"a":"text"}');
  assert.equal(answered.status, 502);
  assert.doesNotMatch(await answered.text(), /secret/);

  const other = await fetch(`${at}/users/7?q=1`);
  assert.equal(await other.text(), '{"secret":1,"big":12345678901234567890}');
});

test("a backend that compresses unasked is transformed too, and compressed again, in a running Heddle", async () => {
  await using server = await openServer((request, response) => {
    const json = '{"secret":1,"list":"' + "x".repeat(2_000) + '"}';
    const body =
      request.url === "/update/bomb" ? zlib.gzipSync(Buffer.alloc(9_000_000, 0x20)) : zlib.gzipSync(json);
    request.resume();
    response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" }).end(body);
  });
  const start = (more: string) =>
    startHeddle({
      ports: ["edge"],
      files: ({ edge }) => ({ "shop.yaml": configuration(edge, server.port, more) }),
      args: ["--workers", "1"],
    });
  const put = (edge: number, id: string, accept: string) =>
    fetch(`http://127.0.0.1:${edge}/users/${id}`, {
      method: "PUT",
      body: "{}",
      headers: { "content-type": "application/json", "accept-encoding": accept },
    });
  await using without = await start("");
  const refused = await put(without.ports.edge, "1", "gzip");
  assert.equal(refused.status, 502);
  assert.doesNotMatch(await refused.text(), /secret/);

  await using heddle = await start("  responseDecompression: {}\n  compression: { codings: [br] }\n");
  const { edge } = heddle.ports;
  for (const [accept, coding] of [
    ["identity", null],
    ["gzip", null],
    ["br", "br"],
  ] as const) {
    const response = await put(edge, "1", accept);
    assert.deepEqual([response.status, response.headers.get("content-encoding")], [202, coding], accept);
    assert.equal(await response.text(), `{"list":"${"x".repeat(2_000)}"}`);
  }
  const bomb = await put(edge, "bomb", "identity");
  assert.equal(bomb.status, 502);
  assert.match(await bomb.text(), /beyond the ratio/);
  const other = await fetch(`http://127.0.0.1:${edge}/plain`, {
    headers: { "accept-encoding": "identity" },
  });
  assert.equal(other.headers.get("content-encoding"), null);
  assert.match(await other.text(), /^{"secret":1,/);
});
