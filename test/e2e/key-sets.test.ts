import assert from "node:assert/strict";
import { generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { openEchoServer, startHeddle } from "@heddle/testkit";

const keys = Object.fromEntries(
  ["a", "b"].map((kid) => [kid, generateKeyPairSync("ec", { namedCurve: "P-256" })]),
) as Record<"a" | "b", { publicKey: KeyObject; privateKey: KeyObject }>;

/** An issuer that counts who asks for its keys. */
class Issuer {
  fetches = 0;
  published: ("a" | "b")[] = ["a"];
  isBroken = false;
  private readonly server = http.createServer((_, response) => {
    this.fetches++;
    if (this.isBroken) {
      response.writeHead(500).end();
      return;
    }
    const set = this.published.map((kid) => ({ ...keys[kid].publicKey.export({ format: "jwk" }), kid }));
    response.setHeader("cache-control", "max-age=3600").end(JSON.stringify({ keys: set }));
  });

  async open(): Promise<number> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    return (this.server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

function makeToken(kid: string, key: KeyObject): string {
  const exp = Math.floor(Date.now() / 1000) + 300;
  const input = `${encode({ alg: "ES256", kid })}.${encode({ iss: "https://id.example", sub: "alice", exp })}`;
  return `${input}.${sign("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

const configuration = (port: number, issuer: number, backend: number): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec: { gatewayClassName: heddle, listeners: [{ name: http, protocol: HTTP, port: ${port} }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: web }
spec:
  parentRefs: [{ name: edge }]
  rules: [{ backendRefs: [{ group: heddle.dev, kind: Backend, name: web }] }]
---
apiVersion: heddle.dev/v1alpha1
kind: Backend
metadata: { name: web }
spec: { url: "http://127.0.0.1:${backend}" }
---
apiVersion: heddle.dev/v1alpha1
kind: AccessPolicy
metadata: { name: guard }
spec:
  targetRefs: [{ kind: Gateway, name: edge }]
  authentication:
    jwt: { issuers: [{ issuer: "https://id.example", keys: { url: "http://127.0.0.1:${issuer}/jwks.json" } }] }
`;

const agent = new http.Agent({ keepAlive: true, maxSockets: 32 });

async function ask(url: string, token: string): Promise<number> {
  const request = http.get(url, { agent, headers: { authorization: `Bearer ${token}` } });
  const [response] = (await once(request, "response")) as [http.IncomingMessage];
  response.resume();
  await once(response, "end");
  return response.statusCode!;
}

test("keys by URL: there from the first request on, a storm of unknown keys costs two fetches, a new key is taken", async (t) => {
  t.after(() => agent.destroy());
  await using backend = await openEchoServer();
  await using issuer = new Issuer();
  const issuerPort = await issuer.open();
  await using heddle = await startHeddle({
    files: ({ http: port }) => ({ "web.yaml": configuration(port, issuerPort, backend.port) }),
    args: ["--workers", "2"],
  });
  const url = heddle.urls.http;
  const good = makeToken("a", keys.a.privateKey);
  assert.equal(await ask(url, good), 200);
  assert.equal(issuer.fetches, 1);

  // 10,000 keys that nobody knows, each in a token of its own, while good tokens go on.
  const statuses = new Map<number, number>();
  let next = 0;
  const storm = Array.from({ length: 32 }, async () => {
    while (next < 10_000) {
      const serial = next++;
      const token =
        serial % 100 === 0
          ? good
          : `${encode({ alg: "ES256", kid: `k${serial}` })}${good.slice(good.indexOf("."))}`;
      const status = await ask(url, token);
      assert.equal(status, serial % 100 === 0 ? 200 : 401);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  });
  await Promise.all(storm);
  assert.deepEqual(Object.fromEntries(statuses), { 200: 100, 401: 9_900 });
  assert.ok(issuer.fetches <= 2, `${issuer.fetches} fetches`);
});

test("an issuer that changes its key is followed; one that fails keeps its last keys", async (t) => {
  t.after(() => agent.destroy());
  await using backend = await openEchoServer();
  await using issuer = new Issuer();
  const issuerPort = await issuer.open();
  await using heddle = await startHeddle({
    files: ({ http: port }) => ({ "web.yaml": configuration(port, issuerPort, backend.port) }),
    args: ["--workers", "2"],
  });
  const url = heddle.urls.http;
  const [old, fresh] = [makeToken("a", keys.a.privateKey), makeToken("b", keys.b.privateKey)];
  assert.equal(await ask(url, old), 200);
  issuer.published = ["b"];
  // A key is asked for at most every thirty seconds, counted from the start.
  const startMs = Date.now();
  while ((await ask(url, fresh)) !== 200) {
    assert.ok(Date.now() - startMs < 45_000, "the new key is not taken");
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  assert.equal(issuer.fetches, 2);
  // The key that was withdrawn is trusted no longer, though its token was remembered.
  assert.equal(await ask(url, old), 401);
  issuer.isBroken = true;
  assert.equal(await ask(url, fresh), 200);
  assert.equal(await ask(url, makeToken("c", keys.a.privateKey)), 401);
  assert.equal(await ask(url, fresh), 200);
});
