import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { becomesTrue, FakeClock, openEchoServer, openHttp2Server } from "@heddle/testkit";
import type { EchoServer } from "@heddle/testkit";
import { CLUSTER } from "../observe/index.ts";
import { Gateway, get, openSilentServer, readResponse } from "./gateway.suite.ts";

async function connected(server: EchoServer, count: number): Promise<void> {
  while ((await server.connectionCount()) < count) await setImmediate();
}

test("connections are there before the first request, and one that goes is made again", async () => {
  const clock = new FakeClock();
  await using upstream = await openEchoServer();
  await using gateway = await Gateway.open(
    { endpoints: [upstream.port], cluster: { warmConnections: 3, idleTimeoutMs: 30_000 } },
    { clock },
  );
  await connected(upstream, 3);
  await using client = await gateway.connect();
  client.send(get("/"));
  assert.equal((await readResponse(client)).status, 200);
  assert.equal(gateway.total("cluster", CLUSTER.connectionsOpened), 3);
  assert.equal(gateway.total("cluster", CLUSTER.reused), 1);
  clock.advance(31_000);
  await gateway.becomes("they are replaced", () => {
    clock.advance(1_000);
    return gateway.total("cluster", CLUSTER.connectionsOpened) >= 6 && gateway.upstreams === 3;
  });
});

test("connections of HTTP/2 are made in advance too", async () => {
  await using upstream = await openHttp2Server((stream) => stream.respond({ ":status": 204 }));
  await using gateway = await Gateway.open({
    endpoints: [upstream.port],
    protocol: "http2",
    cluster: { warmConnections: 2 },
  });
  await gateway.becomes("they are open", () => upstream.sessionCount === 2);
});

test("an endpoint that refuses is tried with one connection a second, not with all", async () => {
  const clock = new FakeClock();
  const gone = await openSilentServer();
  await gone.close();
  await using gateway = await Gateway.open(
    { endpoints: [gone.port], cluster: { warmConnections: 8 } },
    { clock },
  );
  const failed = () => gateway.total("cluster", CLUSTER.connectFailed);
  await gateway.becomes("all fail", () => failed() === 8 && gateway.upstreams === 0);
  clock.advance(1_020);
  await gateway.becomes("one more does", () => failed() === 9 && gateway.upstreams === 0);
});

const hasProc = existsSync("/proc/net/tcp");

test(
  "TCP asks whether a silent endpoint is there",
  { skip: hasProc ? false : "no /proc/net/tcp" },
  async () => {
    await using upstream = await openEchoServer();
    await using _gateway = await Gateway.open({
      endpoints: [upstream.port],
      cluster: { warmConnections: 1, tcpKeepAlive: { timeMs: 7_000, intervalMs: 3_000 } },
    });
    await connected(upstream, 1);
    // proc(5): "02" before the time left is the keep-alive timer, in hundredths of a second.
    const port = upstream.port.toString(16).toUpperCase().padStart(4, "0");
    const timers = (): string[][] =>
      readFileSync("/proc/net/tcp", "utf8")
        .split("\n")
        .map((line) => line.trim().split(/ +/))
        // Established ones: an earlier test may have left some behind that end (TIME_WAIT) to the same port.
        .filter(([, , remote, state]) => state === "01" && remote?.endsWith(`:${port}`))
        .map(([, , , , , timer = ""]) => timer.split(":"));
    // The endpoint may have accepted before this side knows that it is connected.
    assert.ok(
      await becomesTrue(() => timers().length === 1 && timers()[0][0] === "02", 20_000),
      JSON.stringify(timers()),
    );
    const [, left = ""] = timers()[0];
    assert.ok(parseInt(left, 16) > 500 && parseInt(left, 16) <= 700, left);
  },
);
