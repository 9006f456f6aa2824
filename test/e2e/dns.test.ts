import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { becomesTrue, openDnsServer, startHeddle } from "@heddle/testkit";

/** Answers with the address that it was reached at, and counts connections. */
async function openService(address: string, port: number) {
  const server = http.createServer((_request, response) => response.end(address));
  const service = {
    port: 0,
    connections: 0,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  server.on("connection", () => service.connections++);
  server.keepAliveTimeout = 60_000;
  server.listen(port, address);
  await once(server, "listening");
  service.port = (server.address() as AddressInfo).port;
  return service;
}

const files = (port: number, backend: number) => ({
  "app.yaml": `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec: { gatewayClassName: heddle, listeners: [{ name: http, protocol: HTTP, port: ${port} }] }
---
apiVersion: heddle.dev/v1alpha1
kind: Backend
metadata: { name: app }
spec: { endpoints: [{ address: app.test, port: ${backend} }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: app }
spec:
  parentRefs: [{ name: edge }]
  rules: [{ backendRefs: [{ group: heddle.dev, kind: Backend, name: app }] }]
`,
});

test("endpoints follow DNS: those that stay keep their connections, and a failure changes nothing", async () => {
  await using one = await openService("127.0.0.2", 0);
  await using two = await openService("127.0.0.3", one.port);
  await using dns = await openDnsServer({ "app.test": { addresses: ["127.0.0.2"], ttl: 1 } });
  await using heddle = await startHeddle({
    files: ({ http: port }) => files(port, one.port),
    args: ["--dns-server", dns.address, "--workers", "1"],
  });
  const ask = async () => (await fetch(heddle.urls.http)).text();
  const reached = new Set<string>();
  const reaches = (...expected: string[]) =>
    becomesTrue(async () => {
      reached.clear();
      for (let i = 0; i < 20; i++) reached.add(await ask());
      return String([...reached].sort()) === String(expected);
    }, 20_000);

  assert.equal(await ask(), "127.0.0.2", "it is known before the first request");
  dns.records.set("app.test", { addresses: ["127.0.0.3", "127.0.0.2"], ttl: 1 });
  assert.ok(await reaches("127.0.0.2", "127.0.0.3"), String([...reached]));
  assert.equal(one.connections, 1, "the connection to the address that stayed was kept");

  dns.records.delete("app.test");
  const asked = dns.questions.length;
  assert.ok(await becomesTrue(() => dns.questions.length >= asked + 4, 20_000));
  assert.ok(await reaches("127.0.0.2", "127.0.0.3"), "the name is gone, its addresses stay");
  assert.match(heddle.stderr(), /app\.test does not resolve; its last addresses stay in use/);

  dns.records.set("app.test", { addresses: ["127.0.0.3"], ttl: 1 });
  assert.ok(await reaches("127.0.0.3"), String([...reached]));
  assert.equal(two.connections, 1);
});
