import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "@heddle/testkit";
import { CLUSTER } from "../observe/index.ts";
import { answer, Gateway, get, openSilentServer, readResponse } from "./gateway.suite.ts";

const SPEC = {
  minConcurrency: 1,
  maxConcurrency: 2,
  sampleIntervalMs: 100,
  buffer: 0.25,
  baseIntervalMs: 60_000,
  baseJitter: 0,
  baseRequests: 10,
};

test("more requests than a cluster's adaptive limit are refused at once, and places are given back with the head", async () => {
  const clock = new FakeClock();
  await using upstream = await openSilentServer();
  await using gateway = await Gateway.open(
    { endpoints: [upstream.port], cluster: { adaptiveConcurrency: SPEC } },
    { clock },
  );
  await using first = await gateway.connect();
  await using second = await gateway.connect();
  await using third = await gateway.connect();
  first.send(get("/1"));
  const one = await upstream.connection(0);
  await one.receiveUntil("\r\n\r\n");
  second.send(get("/2"));
  const two = await upstream.connection(1);
  await two.receiveUntil("\r\n\r\n");
  third.send(get("/3"));
  const refused = await readResponse(third);
  assert.equal(refused.status, 503);
  assert.match(refused.head, /\r\nretry-after: 1\r\n/);
  assert.match(refused.body, /HDL_CONCURRENCY_LIMIT/);
  assert.equal(gateway.refusals("HDL_CONCURRENCY_LIMIT"), 1);
  assert.equal(gateway.total("cluster", CLUSTER.concurrencyRaised), 2);
  // A client that leaves gives its place back; so does a head, whatever its body may take.
  second.reset();
  await gateway.becomes("one gone", () => gateway.clients === 2);
  one.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbo");
  await first.receiveUntil("bo");
  await using fourth = await gateway.connect();
  for (const client of [third, fourth]) client.send(get("/4"));
  for (const at of [2, 3]) {
    const connection = await upstream.connection(at);
    await connection.receiveUntil("\r\n\r\n");
    connection.send(answer("served"));
  }
  for (const client of [third, fourth]) assert.equal((await readResponse(client)).body, "served");
  one.send("dy");
});
