import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { startHeddle } from "@heddle/testkit";
import { openServer, service, siteOfService } from "./site.ts";

const configuration = (port: number, backend: number, recorder: number): string => `
${siteOfService(port, backend)}${service("recorder", recorder)}---
apiVersion: heddle.dev/v1alpha1
kind: ContentPolicy
metadata: { name: web }
spec:
  targetRefs: [{ kind: HTTPRoute, name: web }]
  recorder: { backendRef: { name: recorder, port: 80 }, path: /records, maxBodyBytes: 16, interval: 50ms, timeout: 200ms }
`;

interface Line {
  request: { method: string; path: string; query: string; body: unknown };
  response: { status: number; body: unknown };
}

test("what passes is recorded, in a running Heddle, and no request waits for the recorder", async () => {
  const batches: string[] = [];
  let isSilent = false;
  await using backend = await openServer((request, response) => {
    request.resume();
    request.on("end", () => response.setHeader("set-cookie", "a=s3cret").end("answer"));
  });
  await using recorder = await openServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    batches.push(`${request.method} ${request.url} ${request.headers["content-type"]}\n${body}`);
    if (!isSilent) response.writeHead(204).end();
  });
  await using heddle = await startHeddle({
    ports: ["edge"],
    files: ({ edge }) => ({ "shop.yaml": configuration(edge, backend.port, recorder.port) }),
    args: ["--workers", "1"],
  });
  const at = `http://127.0.0.1:${heddle.ports.edge}`;
  const post = async (path: string) => {
    const headers = { authorization: "Bearer s3cret" };
    const response = await fetch(`${at}${path}`, { method: "POST", body: "question", headers });
    assert.deepEqual([response.status, await response.text()], [200, "answer"]);
  };
  await post("/a?token=s3cret&b=1");
  while (batches.length === 0) await setTimeout(20);
  const [head, line] = batches[0]!.split("\n");
  assert.equal(head, "POST /records application/x-ndjson");
  assert.doesNotMatch(batches[0]!, /s3cret/);
  const { request, response } = JSON.parse(line!) as Line;
  assert.deepEqual(
    [request.method, request.path, request.query, response.status],
    ["POST", "/a", "?token=***&b=1", 200],
  );
  assert.deepEqual(request.body, { bytes: 8, text: "question", isTruncated: false });
  assert.deepEqual(response.body, { bytes: 6, text: "answer", isTruncated: false });

  isSilent = true;
  for (let i = 0; i < 20; i++) await post("/b");
  await recorder.close();
  for (let i = 0; i < 20; i++) await post("/c");
});
