import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock, openHttp2Server, openRecordingServer } from "@heddle/testkit";
import type { RawConnection } from "@heddle/testkit";
import { CLUSTER } from "../observe/index.ts";
import { answer, Gateway, get, readResponse } from "./gateway.suite.ts";

const hedge = { delayMs: 100, percentile: 0, maxAttempts: 2 };

test("over HTTP/1.1 the slow endpoint's connection is closed, and the other's is kept", async () => {
  const clock = new FakeClock();
  const asked = Promise.withResolvers<RawConnection>();
  let requests = 0;
  const script = async (connection: RawConnection) => {
    for (;;) {
      const head = await connection.receiveUntil("\r\n\r\n", 60_000).catch(() => null);
      if (head === null) return;
      if (requests++ === 0) asked.resolve(connection);
      else connection.send(answer("quick"));
    }
  };
  await using one = await openRecordingServer({ script });
  await using two = await openRecordingServer({ script });
  await using gateway = await Gateway.open({ endpoints: [one.port, two.port], rule: { hedge } }, { clock });
  await using client = await gateway.connect();
  client.send(get("/"));
  const slow = await asked.promise;
  clock.advance(120);
  assert.equal((await readResponse(client)).body, "quick");
  assert.equal(await slow.receiveToEnd(), "", "it was given up");
  assert.equal(gateway.total("cluster", CLUSTER.hedges), 1);
  assert.equal(gateway.total("cluster", CLUSTER.hedgesWon), 1);
  assert.equal(gateway.attempts, 0);
  await gateway.becomes("one connection is kept", () => gateway.upstreams === 1);
});

test("over HTTP/2 the slow endpoint's stream is reset, and its connection stays", async () => {
  const clock = new FakeClock();
  const reset = Promise.withResolvers<number>();
  let requests = 0;
  const serve = () =>
    openHttp2Server((stream) => {
      if (requests++ === 0) {
        stream.on("close", () => reset.resolve(stream.rstCode));
        stream.on("error", () => {});
        return;
      }
      stream.respond({ ":status": 200, "content-length": 5 });
      stream.end("quick");
    });
  await using one = await serve();
  await using two = await serve();
  await using gateway = await Gateway.open(
    { endpoints: [one.port, two.port], protocol: "http2", rule: { hedge } },
    { clock },
  );
  await using client = await gateway.connect();
  client.send(get("/"));
  await gateway.becomes("the first endpoint is asked", () => requests === 1);
  clock.advance(120);
  assert.equal((await readResponse(client)).body, "quick");
  assert.equal(await reset.promise, 8, "CANCEL (RFC 9113 section 7)");
  assert.equal(gateway.upstreams, 2);
});
