import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { startHeddle } from "@heddle/testkit";

const configuration = (port: number, backend: number, recorder: number): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec: { gatewayClassName: heddle, listeners: [{ name: http, protocol: HTTP, port: ${port} }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: web }
spec:
  parentRefs: [{ name: edge }]
  rules: [{ backendRefs: [{ name: web, port: 80 }] }]
---
apiVersion: heddle.dev/v1alpha1
kind: ContentPolicy
metadata: { name: web }
spec:
  targetRefs: [{ kind: HTTPRoute, name: web }]
  recorder: { backendRef: { name: recorder, port: 80 }, path: /records, maxBodyBytes: 16, interval: 50ms, timeout: 200ms }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { ports: [{ port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: web, labels: { kubernetes.io/service-name: web } }
addressType: IPv4
ports: [{ port: ${backend} }]
endpoints: [{ addresses: [127.0.0.1] }]
---
apiVersion: v1
kind: Service
metadata: { name: recorder }
spec: { ports: [{ port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: recorder, labels: { kubernetes.io/service-name: recorder } }
addressType: IPv4
ports: [{ port: ${recorder} }]
endpoints: [{ addresses: [127.0.0.1] }]
`;

interface Line {
  request: { method: string; path: string; query: string; body: unknown };
  response: { status: number; body: unknown };
}

async function listen(server: http.Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

test("what passes is recorded, in a running Heddle, and no request waits for the recorder", async () => {
  const batches: string[] = [];
  let isSilent = false;
  const backend = http.createServer((request, response) => {
    request.resume();
    request.on("end", () => response.setHeader("set-cookie", "a=s3cret").end("answer"));
  });
  const recorder = http.createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    batches.push(`${request.method} ${request.url} ${request.headers["content-type"]}\n${body}`);
    if (!isSilent) response.writeHead(204).end();
  });
  try {
    const ports = [await listen(backend), await listen(recorder)] as const;
    await using heddle = await startHeddle({
      ports: ["edge"],
      files: ({ edge }) => ({ "shop.yaml": configuration(edge, ...ports) }),
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
    recorder.closeAllConnections();
    recorder.close();
    for (let i = 0; i < 20; i++) await post("/c");
  } finally {
    for (const server of [backend, recorder]) {
      server.closeAllConnections();
      server.close();
    }
  }
});
