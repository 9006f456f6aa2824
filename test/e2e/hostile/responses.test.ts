import assert from "node:assert/strict";
import type net from "node:net";
import { after, before, describe, test } from "node:test";
import { connectRaw, startHeddle, type RunningHeddle } from "@heddle/testkit";
import { backend, gateway, plainSite, route } from "./setup/resources.ts";
import { OK, openUpstream, type SeenRequest, type Upstream } from "./setup/upstream.ts";

const POISON = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nPOISON";

/** What the origin sends for a path; the bytes named POISON belong to nobody. */
const misbehaviour: Record<string, string> = {
  "/two-responses": OK + POISON,
  "/bytes-behind": `${OK}POISON`,
  "/head-behind": `${OK}HTTP/1.1 200 POISON\r\n`,
  "/204-with-body": "HTTP/1.1 204 No Content\r\n\r\nPOISON",
  "/304-with-body": "HTTP/1.1 304 Not Modified\r\n\r\nPOISON",
  "/204-then-another": `HTTP/1.1 204 No Content\r\n\r\n${POISON}`,
  "/chunked-then-another": `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n${POISON}`,
  "/two-lengths": `HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 8\r\n\r\nok${POISON}`,
  "/length-and-chunked": `HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${POISON}`,
  "/gzip-coding": `HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n${POISON}`,
  "/bare-lf": `HTTP/1.1 200 OK\nContent-Length: 0\n\n${POISON}`,
  "/folded": `HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n${POISON}`,
  "/bare-cr": `HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: POISON\r\nContent-Length: 0\r\n\r\n`,
  "/nul": `HTTP/1.1 200 OK\r\nX: a\0POISON\r\nContent-Length: 0\r\n\r\n`,
  "/space-in-name": `HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n${POISON}`,
  "/uninvited-101": `HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n${POISON}`,
  "/100-flood": "HTTP/1.1 100 Continue\r\n\r\n".repeat(200) + POISON,
};

/** Those of which nothing may be forwarded; the others have a whole response first. */
const malformed = new Set(
  "two-lengths length-and-chunked gzip-coding bare-lf folded bare-cr nul space-in-name uninvited-101"
    .split(" ")
    .map((name) => `/${name}`),
);

function answer(request: SeenRequest, socket: net.Socket): string | undefined {
  const [path = ""] = request.target.split("?");
  if (path === "/late-bytes") {
    socket.write(OK);
    // Behind a response that Heddle has already passed on, on a connection that is back in the pool.
    setImmediate(() => socket.write(POISON));
    return undefined;
  }
  if (path === "/head-with-body") return `${OK}${POISON}`;
  if (path.startsWith("/good")) {
    return `HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`;
  }
  return misbehaviour[path] ?? OK;
}

describe("response queue poisoning (threats 35)", () => {
  let upstream: Upstream;
  let heddle: RunningHeddle;
  before(async () => {
    upstream = await openUpstream(answer);
    heddle = await startHeddle({
      files: ({ http }) => ({ "site.yaml": plainSite(http, upstream.port) }),
      args: ["--workers", "1"],
    });
  });
  after(async () => {
    await heddle?.stop();
    await upstream?.close();
  });

  /** Five requests by another client, each of which must get its own answer. */
  async function assertOthersAreServed(label: string): Promise<void> {
    await using victim = await connectRaw(heddle.ports.http);
    for (let n = 0; n < 5; n++) {
      const path = `/good-${label.slice(1)}-${n}`;
      victim.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
      const head = await victim.receiveUntil("\r\n\r\n");
      assert.match(head, /^HTTP\/1\.1 200 OK\r\n/);
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
      assert.equal(await victim.receiveBytes(length), path);
    }
    assert.equal(victim.unread, "");
  }

  for (const path of [...Object.keys(misbehaviour), "/late-bytes"]) {
    test(`${path}: no client gets bytes that are not its own`, async () => {
      await using client = await connectRaw(heddle.ports.http);
      client.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
      const head = await client.receiveUntil("\r\n\r\n");
      if (malformed.has(path)) assert.match(head, /^HTTP\/1\.1 502 /);
      await assertOthersAreServed(path);
      if (path !== "/100-flood") assert.ok(!client.received.toString("latin1").includes("POISON"));
    });
  }

  test("a body behind the response to HEAD is nobody's", async () => {
    await using client = await connectRaw(heddle.ports.http);
    client.send("HEAD /head-with-body HTTP/1.1\r\nHost: a\r\n\r\n");
    assert.match(await client.receiveUntil("\r\n\r\n"), /^HTTP\/1\.1 200 /);
    await assertOthersAreServed("/after-head");
    assert.equal(client.unread, "");
  });

  test("a client that leaves early leaves no answer behind for the next one", async () => {
    for (let n = 0; n < 20; n++) {
      const client = await connectRaw(heddle.ports.http);
      client.send(`GET /good-abandoned-${n} HTTP/1.1\r\nHost: a\r\n\r\n`);
      client.reset();
      await client.closed;
    }
    await assertOthersAreServed("/after-abandoned");
  });
});

describe("response splitting and header injection (threats 11)", () => {
  let upstream: Upstream;
  let heddle: RunningHeddle;
  before(async () => {
    upstream = await openUpstream();
    heddle = await startHeddle({
      files: ({ http }) => ({
        "site.yaml":
          gateway({ port: http }) +
          backend("up", upstream.port) +
          route({ name: "all", backend: "up" }) +
          injection("set", 'value: "x\\r\\nX-Injected: 1"') +
          injection("lf", 'value: "x\\nX-Injected: 1"') +
          injection("nul", 'value: "x\\0X-Injected"') +
          route({
            name: "redirect",
            matches: ['{ path: { type: PathPrefix, value: "/moved" } }'],
            filters: [
              "{ type: RequestRedirect, requestRedirect: { path: { type: ReplacePrefixMatch, replacePrefixMatch: /to } } }",
            ],
          }) +
          route({
            name: "rewrite",
            backend: "up",
            matches: ['{ path: { type: PathPrefix, value: "/rewritten" } }'],
            filters: [
              "{ type: URLRewrite, urlRewrite: { path: { type: ReplacePrefixMatch, replacePrefixMatch: /to } } }",
            ],
          }),
      }),
      args: ["--workers", "1"],
    });
  });
  after(async () => {
    await heddle?.stop();
    await upstream?.close();
  });

  const ask = async (target: string) => {
    await using client = await connectRaw(heddle.ports.http);
    client.send(`GET ${target} HTTP/1.1\r\nHost: a.test\r\n\r\n`);
    return await client.receiveUntil("\r\n\r\n");
  };

  for (const name of ["set", "lf", "nul"]) {
    test(`a filter's value with a line break or NUL (${name}) reaches neither side`, async () => {
      const before = upstream.receivedText().length;
      const head = await ask(`/inject-${name}`);
      assert.ok(!/x-injected/i.test(head), head);
      assert.ok(!/x-injected/i.test(upstream.receivedText().slice(before)), upstream.receivedText());
    });
  }

  for (const escaped of [
    "%0d%0aX-Injected:%201",
    "%0aX-Injected:1",
    "%0d",
    "%E5%98%8A%E5%98%8DX-Injected:1",
  ]) {
    test(`a redirect keeps ${escaped} escaped in Location`, async () => {
      const head = await ask(`/moved/${escaped}?${escaped}`);
      assert.match(head, /^HTTP\/1\.1 302 /);
      assert.ok(!/^x-injected/im.test(head), head);
      assert.match(head, new RegExp(`^location: http://a\\.test[^\r]*/to/${escaped}`, "im"));
    });

    test(`a rewrite keeps ${escaped} escaped towards the upstream`, async () => {
      const requests = upstream.requests.length;
      await ask(`/rewritten/${escaped}`);
      const seen = upstream.requests[requests]!;
      assert.equal(seen.target.toLowerCase(), `/to/${escaped}`.toLowerCase());
      assert.ok(!seen.fields.some(([name]) => /x-injected/i.test(name)));
    });
  }

  test("no redirect leaves the site by a path that begins with two slashes", async () => {
    const head = await ask("/moved//evil.test/%2e%2e");
    assert.match(head, /^location: http:\/\/a\.test(:\d+)?\/to/im);
  });
});

/** A route whose filter would write a second field, were it not refused. */
function injection(name: string, value: string): string {
  return route({
    name: `inject-${name}`,
    backend: "up",
    matches: [`{ path: { type: PathPrefix, value: "/inject-${name}" } }`],
    filters: ["Request", "Response"].map(
      (side) =>
        `{ type: ${side}HeaderModifier, ${side.toLowerCase()}HeaderModifier: { set: [{ name: X-A, ${value} }] } }`,
    ),
  });
}
