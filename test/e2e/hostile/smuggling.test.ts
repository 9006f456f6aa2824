import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { connectRaw, openRecordingServer, startHeddle, type RunningHeddle } from "@heddle/testkit";
import { plainSite } from "./setup/resources.ts";
import { fieldOf, OK, openUpstream, type Upstream } from "./setup/upstream.ts";
import { brokenBodies, refusedHeads } from "./smuggling-corpus.ts";

describe("request smuggling (threats 8, 9, 18)", () => {
  let upstream: Upstream;
  let heddle: RunningHeddle;
  before(async () => {
    // The path says how the origin behaves.
    upstream = await openUpstream((request) => (request.target === "/silent" ? undefined : OK));
    heddle = await startHeddle({
      files: ({ http }) => ({ "site.yaml": plainSite(http, upstream.port) }),
      args: ["--workers", "1"],
    });
  });
  after(async () => {
    await heddle?.stop();
    await upstream?.close();
  });

  test("the way through is open, so that what follows can fail", async () => {
    await using client = await connectRaw(heddle.ports.http);
    client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
    assert.match(await client.receiveUntil("ok"), /^HTTP\/1\.1 200 /);
    assert.equal(upstream.requests.at(-1)?.body, "hi");
  });

  for (const { name, bytes, statuses = [400] } of refusedHeads) {
    test(`${name}: refused and closed, and no byte reaches the upstream`, async () => {
      const before = upstream.receivedText().length;
      await using client = await connectRaw(heddle.ports.http);
      client.send(bytes);
      const answer = await client.receiveToEnd();
      assert.ok(statuses.includes(statusOf(answer)), answer);
      assert.equal(answer.match(/HTTP\/1\.1 \d{3} /g)?.length, 1, "one answer");
      assert.equal(upstream.receivedText().slice(before), "");
    });
  }

  for (const { name, bytes } of brokenBodies) {
    test(`${name}: refused and closed, and nothing behind it reaches the upstream`, async () => {
      const requests = upstream.requests.length;
      const before = upstream.receivedText().length;
      await using client = await connectRaw(heddle.ports.http);
      client.send(bytes);
      const answer = await client.receiveToEnd();
      assert.equal(statusOf(answer), 400, answer);
      assert.equal(answer.match(/HTTP\/1\.1 \d{3} /g)?.length, 1, "one answer");
      assert.ok(!upstream.receivedText().slice(before).includes("SMUGGLED"), upstream.receivedText());
      assert.equal(upstream.requests.length, requests, "no whole request came of it");
    });
  }

  test("0.CL: Expect with a body is one request, and its body is never the next one", async () => {
    const requests = upstream.requests.length;
    await using client = await connectRaw(heddle.ports.http);
    const inner = "GET /SMUGGLED HTTP/1.1\r\nHost: a\r\n\r\n";
    client.send(
      `POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`,
    );
    client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.receiveUntil("ok");
    await client.receiveUntil("ok").catch(() => "");
    const seen = upstream.requests.slice(requests);
    assert.deepEqual(
      seen.map(({ target }) => target).filter((target) => target !== "/next"),
      ["/x"],
    );
  });

  for (const expect of ["100-continue, 100-continue", "y 100-continue", "100-continues", "99-continue"]) {
    test(`an Expect of ${expect} is refused`, async () => {
      const before = upstream.receivedText().length;
      await using client = await connectRaw(heddle.ports.http);
      client.send(`POST /x HTTP/1.1\r\nHost: a\r\nExpect: ${expect}\r\nContent-Length: 5\r\n\r\nhello`);
      assert.match(await client.receiveUntil("\r\n\r\n"), /^HTTP\/1\.1 4(00|17) /);
      assert.equal(upstream.receivedText().slice(before), "");
    });
  }

  test("CL.0: a GET's body goes with its request, and is never the next one", async () => {
    const requests = upstream.requests.length;
    await using client = await connectRaw(heddle.ports.http);
    const inner = "GET /SMUGGLED HTTP/1.1\r\nHost: a\r\n\r\n";
    client.send(`GET /x HTTP/1.1\r\nHost: a\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`);
    client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.receiveUntil("ok");
    await client.receiveUntil("ok");
    const seen = upstream.requests.slice(requests);
    assert.deepEqual(
      seen.map(({ target, body }) => [target, body]),
      [
        ["/x", inner],
        ["/next", ""],
      ],
    );
  });

  test("pipelined requests are told apart, one after the other", async () => {
    const requests = upstream.requests.length;
    await using client = await connectRaw(heddle.ports.http);
    const one = (n: number) =>
      n % 2 === 0
        ? `POST /p${n} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`
        : `GET /p${n} HTTP/1.1\r\nHost: a\r\n\r\n`;
    client.send(Array.from({ length: 10 }, (_, n) => one(n)).join(""));
    for (let n = 0; n < 10; n++) await client.receiveUntil("ok");
    assert.deepEqual(
      upstream.requests.slice(requests).map(({ target }) => target),
      Array.from({ length: 10 }, (_, n) => `/p${n}`),
    );
  });

  test("one framing field goes upstream, never two", async () => {
    await using client = await connectRaw(heddle.ports.http);
    client.send("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: cHuNkEd\r\n\r\n2;x=y\r\nhi\r\n0\r\n\r\n");
    await client.receiveUntil("ok");
    const seen = upstream.requests.at(-1)!;
    assert.equal(fieldOf(seen, "transfer-encoding"), "chunked");
    assert.equal(fieldOf(seen, "content-length"), undefined);
    assert.equal(seen.body, "2\r\nhi\r\n0\r\n\r\n", "extensions are not passed on");
  });
});

describe("early responses (threat 9)", () => {
  test("a response before the body's end never lets the rest become a request of another client", async () => {
    await using upstream = await openEarlyUpstream();
    await using heddle = await startHeddle({
      files: ({ http }) => ({ "site.yaml": plainSite(http, upstream.port) }),
      args: ["--workers", "1"],
    });
    await using attacker = await connectRaw(heddle.ports.http);
    const inner = "GET /SMUGGLED HTTP/1.1\r\nHost: a\r\n\r\n";
    attacker.send(`POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: ${inner.length}\r\n\r\n`);
    await attacker.receiveUntil("early");
    attacker.send(inner);
    attacker.send("GET /after HTTP/1.1\r\nHost: a\r\n\r\n");
    await using victim = await connectRaw(heddle.ports.http);
    victim.send("GET /victim HTTP/1.1\r\nHost: a\r\n\r\n");
    assert.match(await victim.receiveUntil("early"), /^HTTP\/1\.1 200 /);
    const texts = upstream.connections();
    assert.equal(texts.filter((text) => text.includes("/victim")).length, 1);
    for (const text of texts) {
      assert.ok(!(text.includes("/early") && text.includes("/victim")), "the connection was used again");
      assert.ok(!text.startsWith("GET /SMUGGLED"), text);
    }
  });
});

/** Answers as soon as a head is there, and takes what follows as it comes. */
async function openEarlyUpstream() {
  const server = await openRecordingServer({
    script: async (connection) => {
      for (;;) {
        await connection.receiveUntil("\r\n\r\n", 30_000);
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly");
      }
    },
  });
  return {
    port: server.port,
    connections: () => server.connections.map(({ received }) => received.toString("latin1")),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 0);
}
