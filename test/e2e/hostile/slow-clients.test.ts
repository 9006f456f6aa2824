import assert from "node:assert/strict";
import { test } from "node:test";
import { connectRaw, startHeddle, type RawConnection } from "@heddle/testkit";
import { plainSite } from "./setup/resources.ts";
import { openUpstream } from "./setup/upstream.ts";

const SLOW = 150;
const GOOD = 300;
/** Generous, as the machine may be busy; with a thread or a wait for each client it would be seconds. */
const FACTOR = 10;
const FLOOR_MS = 50;
const BIG = 2_000_000;
/** Head and slowest body have 10 s by default. */
const DEFAULT_LIMIT_MS = 10_000;

test(`${SLOW} slow clients of each kind: a good one keeps its pace, and the slow ones are ended in time (threats 7)`, async () => {
  await using upstream = await openUpstream((request) =>
    request.target === "/big"
      ? `HTTP/1.1 200 OK\r\nContent-Length: ${BIG}\r\n\r\n${"x".repeat(BIG)}`
      : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
  );
  await using heddle = await startHeddle({
    files: ({ http }) => ({ "site.yaml": plainSite(http, upstream.port) }),
    args: ["--workers", "1"],
  });
  const { http } = heddle.ports;
  const before = await p99(http);
  const from = performance.now();
  const [heads, bodies, readers] = await Promise.all([
    openSlow(http, "GET / HTTP/1.1\r\nHost: a\r\nX: "),
    openSlow(http, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"),
    openSlow(http, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n", (client) => client.socket.pause()),
  ]);
  const drip = setInterval(() => {
    for (const client of [...heads, ...bodies]) if (!client.hasEnded) client.send("x");
  }, 500);
  try {
    // What slow clients do to others lasts as long as they do; what else the machine does, passes.
    const during: number[] = [];
    const keepsPace = () => during.some((ms) => ms < Math.max(FLOOR_MS, before * FACTOR));
    while (!keepsPace() && during.length < 3) during.push(await p99(http));
    assert.ok(keepsPace(), `p99 ${during.join(", ")} ms, ${before} ms before`);
    for (const client of [...heads, ...bodies]) {
      assert.match(await client.receiveToEnd(2 * DEFAULT_LIMIT_MS), /^HTTP\/1\.1 408 /);
    }
    const tookMs = performance.now() - from;
    assert.ok(tookMs > DEFAULT_LIMIT_MS - 1_000, `${tookMs} ms: a client has its time`);
    assert.ok(tookMs < 2 * DEFAULT_LIMIT_MS, `${tookMs} ms`);
    await p99(http);
  } finally {
    clearInterval(drip);
    await Promise.all([...heads, ...bodies, ...readers].map((client) => client.close()));
  }
});

async function openSlow(
  port: number,
  bytes: string,
  prepare: (client: RawConnection) => void = () => {},
): Promise<RawConnection[]> {
  const clients = await Promise.all(Array.from({ length: SLOW }, () => connectRaw(port)));
  for (const client of clients) {
    prepare(client);
    client.send(bytes);
  }
  return clients;
}

/** Milliseconds within which 99 of 100 requests of a client with one connection are answered. */
async function p99(port: number): Promise<number> {
  await using client = await connectRaw(port);
  const times: number[] = [];
  for (let n = 0; n < GOOD; n++) {
    const from = performance.now();
    client.send("GET /good HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.receiveUntil("ok");
    times.push(performance.now() - from);
  }
  return times.sort((a, b) => a - b)[Math.floor(GOOD * 0.99)]!;
}
