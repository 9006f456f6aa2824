import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { makeCertificateAuthority } from "@heddle/testkit";
import { AddressGuard } from "./address-guard.ts";
import { fetchKeySet, maxAgeOf } from "./fetch-key-set.ts";

const guard = new AddressGuard([]);
const signal = new AbortController().signal;
const fetchFrom = (url: string, caPem: string | null = null) => fetchKeySet(url, { guard, caPem, signal });

async function serve(
  t: TestContext,
  answer: http.RequestListener,
  tls: https.ServerOptions | null = null,
): Promise<string> {
  const server = tls === null ? http.createServer(answer) : https.createServer(tls, answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  const { port } = server.address() as AddressInfo;
  return `${tls === null ? "http" : "https"}://localhost:${port}`;
}

test("gives the text and how long it may be kept", async (t) => {
  const origin = await serve(t, (_, response) =>
    response.setHeader("cache-control", "public, max-age=300").end('{"keys":[]}'),
  );
  assert.deepEqual(await fetchFrom(`${origin}/jwks`), { text: '{"keys":[]}', maxAgeMs: 300_000 });
});

test("redirects are not followed, other statuses are no keys", async (t) => {
  const seen: string[] = [];
  const origin = await serve(t, (request, response) => {
    seen.push(request.url!);
    if (request.url === "/moved") response.writeHead(302, { location: "/secret" }).end();
    else response.writeHead(404).end('{"keys":[]}');
  });
  await assert.rejects(fetchFrom(`${origin}/moved`), /\/moved: answers 302; redirects are not followed/);
  await assert.rejects(fetchFrom(`${origin}/nothing`), /answers 404/);
  assert.deepEqual(seen, ["/moved", "/nothing"]);
});

test("an answer of more than 256 KiB is not read to its end", async (t) => {
  let written = 0;
  const origin = await serve(t, (_, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536, 32))) written += 65_536;
    };
    response.on("drain", more);
    more();
  });
  await assert.rejects(fetchFrom(origin), /more than 262144 bytes/);
  assert.ok(written < 50_000_000);
});

test("the server's certificate is checked, by the roots that are given", async (t) => {
  const authority = await makeCertificateAuthority();
  const other = await makeCertificateAuthority();
  const tls = await authority.issue({ names: ["localhost"] });
  const origin = await serve(t, (_, response) => response.end("{}"), tls);
  assert.equal((await fetchFrom(origin, authority.cert)).text, "{}");
  await assert.rejects(fetchFrom(origin, other.cert), /certificate/);
  await assert.rejects(fetchFrom(origin), /certificate/);
  const wrongName = origin.replace("localhost", "127.0.0.1");
  await assert.rejects(fetchFrom(wrongName, authority.cert), /ALTNAME|altnames/i);
});

test("its errors name the place without the query", async () => {
  await assert.rejects(fetchFrom("http://127.0.0.1:1/jwks?key=secret"), (error: Error) => {
    assert.match(error.message, /^http:\/\/127\.0\.0\.1:1\/jwks: .*ECONNREFUSED/);
    assert.doesNotMatch(error.message, /secret/);
    return true;
  });
  await assert.rejects(fetchFrom("http://169.254.169.254/x"), /no address of a service/);
});

test("what is under way ends with its signal", async (t) => {
  const origin = await serve(t, () => {});
  const end = new AbortController();
  const waiting = fetchKeySet(origin, { guard, caPem: null, signal: end.signal });
  setTimeout(() => end.abort(), 20);
  await assert.rejects(waiting, /abort/i);
});

test("Cache-Control in its forms", () => {
  assert.equal(maxAgeOf(undefined), null);
  assert.equal(maxAgeOf("public"), null);
  assert.equal(maxAgeOf("MAX-AGE=60"), 60_000);
  assert.equal(maxAgeOf('private , max-age="60"'), 60_000);
  assert.equal(maxAgeOf("max-age=60, no-store"), 0);
  assert.equal(maxAgeOf("max-age=-1"), null);
  assert.equal(maxAgeOf("s-maxage=60"), null);
});
