import assert from "node:assert/strict";
import { renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import {
  becomesTrue,
  connectRaw,
  openEchoServer,
  startHeddle,
  type Echo,
  type RunningHeddle,
} from "@heddle/testkit";

const settings = (spec: string) => `apiVersion: heddle.dev/v1alpha1
kind: GatewaySettings
metadata: { name: edge }
spec: ${spec}
`;

const gateway = (port: number, echo: number) => `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: heddle
  infrastructure: { parametersRef: { group: heddle.dev, kind: GatewaySettings, name: edge } }
  listeners: [{ name: http, protocol: HTTP, port: ${port} }]
---
apiVersion: heddle.dev/v1alpha1
kind: Backend
metadata: { name: echo }
spec: { url: "http://127.0.0.1:${echo}" }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: echo }
spec:
  parentRefs: [{ name: edge }]
  rules: [{ backendRefs: [{ group: heddle.dev, kind: Backend, name: echo }] }]
`;

function start(echo: number, spec: string): Promise<RunningHeddle> {
  return startHeddle({
    files: ({ http }) => ({ "gateway.yaml": gateway(http, echo), "settings.yaml": settings(spec) }),
  });
}

/** Replaces the settings in one step, so that no half of a file is read. */
function change({ configFolder }: RunningHeddle, spec: string): void {
  const next = path.join(configFolder, ".settings.next");
  writeFileSync(next, settings(spec));
  renameSync(next, path.join(configFolder, "settings.yaml"));
}

async function send(port: number, text: string): Promise<string> {
  const connection = await connectRaw(port);
  connection.send(text);
  const head = await connection.receiveUntil("\r\n\r\n");
  await connection.close();
  return head.split("\r\n")[0]!;
}

const request = (fields = "", body = "") =>
  `${body === "" ? "GET" : "POST"} / HTTP/1.1\r\nhost: a\r\n${fields}connection: close\r\n\r\n${body}`;

const big = `x-big: ${"a".repeat(2_000)}\r\n`;

async function seenBy(url: string, headers: Record<string, string>): Promise<Map<string, string>> {
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(20_000) });
  const echo = (await answer.json()) as Echo;
  return new Map(echo.headers.map(([name, value]) => [name.toLowerCase(), value]));
}

interface Conditions {
  status?: { conditions?: { type: string; status: string; reason: string; message: string }[] };
}

async function acceptedOf({ api }: RunningHeddle) {
  const url = `${api}/apis/gateway.networking.k8s.io/v1/namespaces/default/gateways/edge`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(20_000) });
  const { status } = (await answer.json()) as Conditions;
  return status?.conditions?.find(({ type }) => type === "Accepted");
}

describe("GatewaySettings", () => {
  test("limits hold, and a change is in force without a restart", async () => {
    await using echo = await openEchoServer();
    await using heddle = await start(
      echo.port,
      "{ limits: { maxHeadBytes: 1024, headTimeout: 300ms, maxBodyBytes: 4 } }",
    );
    const { http } = heddle.ports;
    assert.equal(await send(http, request()), "HTTP/1.1 200 OK");
    assert.match(await send(http, request(big)), /^HTTP\/1\.1 431 /);
    assert.match(await send(http, "GET / HTTP/1.1\r\nhost: a\r\n"), /^HTTP\/1\.1 408 /);
    assert.match(await send(http, request("content-length: 5\r\n", "12345")), /^HTTP\/1\.1 413 /);
    assert.equal(await send(http, request("content-length: 4\r\n", "1234")), "HTTP/1.1 200 OK");

    change(heddle, "{ limits: { maxBodyBytes: 5 } }");
    const isBigger = async () => (await send(http, request(big))) === "HTTP/1.1 200 OK";
    assert.ok(await becomesTrue(isBigger, 20_000), "the head's limit is the default again");
    assert.equal(await send(http, request("content-length: 5\r\n", "12345")), "HTTP/1.1 200 OK");
    assert.match(await send(http, request("content-length: 6\r\n", "123456")), /^HTTP\/1\.1 413 /);
  });

  test("trusted hops are believed and appended to, and Via is sent", async () => {
    await using echo = await openEchoServer();
    await using heddle = await start(echo.port, "{ forwarded: { via: edge } }");
    const spoofed = { "x-forwarded-for": "203.0.113.9" };
    const before = await seenBy(heddle.urls.http, spoofed);
    assert.equal(before.get("x-forwarded-for"), "127.0.0.1");
    assert.equal(before.get("via"), "1.1 edge");

    change(heddle, "{ forwarded: { trustedHops: [127.0.0.0/8] } }");
    const isAppended = async () =>
      (await seenBy(heddle.urls.http, spoofed)).get("x-forwarded-for") === "203.0.113.9, 127.0.0.1";
    assert.ok(await becomesTrue(isAppended, 20_000));
    assert.equal((await seenBy(heddle.urls.http, {})).get("via"), undefined);
  });

  test("upstream settings are in force, and settings with an error close the Gateway and say why", async () => {
    await using echo = await openEchoServer();
    await using heddle = await start(
      echo.port,
      "{ upstream: { balancing: round-robin, connectTimeout: 1s } }",
    );
    assert.equal(await send(heddle.ports.http, request()), "HTTP/1.1 200 OK");

    change(heddle, "{ limits: { maxHeadByte: 1024 } }");
    const isRefused = async () => (await acceptedOf(heddle))?.reason === "InvalidParameters";
    assert.ok(await becomesTrue(isRefused, 20_000));
    assert.match((await acceptedOf(heddle))!.message, /spec\.limits\.maxHeadByte: unknown field/);
    const isClosed = async () =>
      connectRaw(heddle.ports.http).then(
        (connection) => connection.close().then(() => false),
        () => true,
      );
    assert.ok(await becomesTrue(isClosed, 20_000), "nothing listens there any more");

    change(heddle, "{}");
    assert.ok(await becomesTrue(async () => !(await isClosed()), 20_000));
    assert.equal(await send(heddle.ports.http, request()), "HTTP/1.1 200 OK");
  });
});
