import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { connectHttp2, FakeClock, openHttp2Server } from "@heddle/testkit";
import { Gateway } from "./gateway.suite.ts";

const CALL = {
  ":method": "POST",
  ":path": "/shop.Chat/Talk",
  "content-type": "application/grpc",
  te: "trailers",
} as const;

test("a call may say little and go on for longer than a request may take", async () => {
  await using upstream = await openHttp2Server((stream) => {
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.on("data", (chunk: Buffer) => stream.write(chunk));
    stream.on("end", () => stream.end());
  });
  const clock = new FakeClock();
  await using gateway = await Gateway.open(
    {
      endpoints: [upstream.port],
      protocol: "http2",
      listener: { requestTimeoutMs: 60_000, bodyRateGraceMs: 5_000, minBodyBytesPerSecond: 100 },
    },
    { clock },
  );
  await using client = await connectHttp2(gateway.portOf());
  const stream = client.open(CALL, false);
  let trailers: Record<string, unknown> = {};
  stream.on("trailers", (found) => (trailers = found));
  for (let i = 0; i < 4; i++) {
    stream.write("ping");
    const [echo] = (await once(stream, "data")) as [Buffer];
    assert.equal(echo.toString(), "ping");
    clock.advance(25_000);
  }
  stream.end();
  await once(stream, "close");
  assert.equal(trailers["grpc-status"], "0");
});

test("a call in which nothing moves for too long ends with a gRPC status", async () => {
  await using upstream = await openHttp2Server((stream, { ":method": method }) => {
    if (method !== "GET") return;
    stream.respond({ ":status": 204 });
    stream.end();
  });
  const clock = new FakeClock();
  await using gateway = await Gateway.open(
    { endpoints: [upstream.port], protocol: "http2", listener: { streamIdleMs: 20_000 } },
    { clock },
  );
  await using client = await connectHttp2(gateway.portOf());
  // A round trip: SETTINGS are acknowledged before the clock moves.
  await client.request({ ":path": "/" });
  const stream = client.open(CALL, false);
  stream.write("ping");
  await gateway.becomes("one exchange", () => gateway.exchanges === 1);
  clock.advance(21_000);
  const [head] = (await once(stream, "response")) as [Record<string, unknown>];
  assert.equal(head[":status"], 200);
  assert.equal(head["grpc-status"], "4");
  assert.match(String(head["grpc-message"]), /HDL_DOWNSTREAM_IDLE_TIMEOUT/);
  stream.close();
});
