import assert from "node:assert";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { test } from "node:test";
import { smallJson } from "../rig/index.ts";
import { nowMs } from "./clock.ts";
import { TrafficProcess } from "./traffic-process.ts";
import { Traffic } from "./traffic.ts";

async function serve(answer: (count: number) => { status: number; body: string }): Promise<Server> {
  let count = 0;
  const server = createServer((_, response) => {
    const { status, body } = answer(++count);
    response.writeHead(status, { "content-length": body.length }).end(body);
    if (count === 100) server.emit("enough");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function trafficTo(server: Server): Traffic {
  const { port } = server.address() as AddressInfo;
  return new Traffic({ port, path: "/", rate: 200, connections: 4 });
}

test("every request that was due is answered once or counted as an error", async () => {
  const server = await serve((count) => ({ status: count % 10 === 0 ? 503 : 200, body: smallJson }));
  const traffic = trafficTo(server);
  traffic.start();
  await once(server, "enough");
  const { answered, errors } = await traffic.stop();
  server.close();
  await once(server, "close");
  const { length } = answered.dueMs;
  assert.equal(errors, Math.floor((length + errors) / 10));
  assert.ok(length >= 90 && answered.latencyMs.every((latencyMs) => latencyMs >= 0));
});

test("an answer of 200 with another body is an error", async () => {
  const server = await serve(() => ({ status: 200, body: "something else" }));
  const traffic = trafficTo(server);
  traffic.start();
  await once(server, "enough");
  const { answered, errors } = await traffic.stop();
  server.close();
  await once(server, "close");
  assert.equal(answered.dueMs.length, 0);
  assert.ok(errors >= 100);
});

test("traffic from a process of its own is told with times of this one's clock", async () => {
  const server = await serve(() => ({ status: 200, body: smallJson }));
  const { port } = server.address() as AddressInfo;
  const beganMs = nowMs();
  using traffic = await TrafficProcess.start({ port, path: "/", rate: 200, connections: 4 });
  await once(server, "enough");
  const { answered, errors } = await traffic.stop();
  const endedMs = nowMs();
  server.close();
  await once(server, "close");
  assert.equal(errors, 0);
  assert.ok(answered.dueMs.length >= 100);
  assert.ok(answered.dueMs.every((dueMs) => dueMs > beganMs - 50 && dueMs < endedMs + 50));
});
