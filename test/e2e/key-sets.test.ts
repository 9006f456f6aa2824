import assert from "node:assert/strict";
import { generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, stat } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, test } from "node:test";
import { becomesTrue, openEchoServer, startHeddle } from "@heddle/testkit";
import { siteOfBackend } from "./site.ts";

const keys = Object.fromEntries(
  ["a", "b"].map((kid) => [kid, generateKeyPairSync("ec", { namedCurve: "P-256" })]),
) as Record<"a" | "b", { publicKey: KeyObject; privateKey: KeyObject }>;

/** An issuer that counts who asks for its keys. */
class Issuer {
  fetches = 0;
  published: ("a" | "b")[] = ["a"];
  isBroken = false;
  private port = 0;
  private readonly server = http.createServer((_, response) => {
    this.fetches++;
    if (this.isBroken) {
      response.writeHead(500).end();
      return;
    }
    const set = this.published.map((kid) => ({ ...keys[kid].publicKey.export({ format: "jwk" }), kid }));
    response.setHeader("cache-control", "max-age=3600").end(JSON.stringify({ keys: set }));
  });

  /** At the port that it had before, if it had one. */
  async open(): Promise<number> {
    this.server.listen(this.port, "127.0.0.1");
    await once(this.server, "listening");
    this.port = (this.server.address() as AddressInfo).port;
    return this.port;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.server.listening) await this.close();
  }
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

function makeToken(kid: string, key: KeyObject): string {
  const exp = Math.floor(Date.now() / 1000) + 300;
  const input = `${encode({ alg: "ES256", kid })}.${encode({ iss: "https://id.example", sub: "alice", exp })}`;
  return `${input}.${sign("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

const configuration = (port: number, issuer: number, backend: number): string => `
${siteOfBackend(port, backend)}---
apiVersion: heddle.dev/v1alpha1
kind: AccessPolicy
metadata: { name: guard }
spec:
  targetRefs: [{ kind: Gateway, name: edge }]
  authentication:
    jwt: { issuers: [{ issuer: "https://id.example", keys: { url: "http://127.0.0.1:${issuer}/jwks.json" } }] }
`;

const agent = new http.Agent({ keepAlive: true, maxSockets: 32 });
after(() => agent.destroy());

async function ask(url: string, token: string): Promise<number> {
  const request = http.get(url, { agent, headers: { authorization: `Bearer ${token}` } });
  const [response] = (await once(request, "response")) as [http.IncomingMessage];
  response.resume();
  await once(response, "end");
  return response.statusCode!;
}

test("keys by URL: there from the first request on, a storm of unknown keys costs two fetches, a new key is taken", async () => {
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
  const fromMs = performance.now();
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
  const refreshes = (performance.now() - fromMs) / 30_000;
  assert.ok(issuer.fetches <= 2 + refreshes, `${issuer.fetches} fetches`);
});

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

async function keysResolved(api: string): Promise<Condition> {
  const url = `${api}/apis/heddle.dev/v1alpha1/namespaces/default/accesspolicies/guard`;
  const { status } = (await (await fetch(url)).json()) as {
    status: { ancestors: { conditions: Condition[] }[] };
  };
  return status.ancestors[0]!.conditions.find(({ type }) => type === "KeysResolved")!;
}

const hasReason = (api: string, reason: string): Promise<boolean> =>
  becomesTrue(async () => (await keysResolved(api)).reason === reason, 20_000);

// At the same time: the first waits half a minute.
describe("issuers that change or fail", { concurrency: true }, () => {
  test("an issuer that changes its key is followed; one that fails keeps its last keys", async () => {
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
      assert.ok(Date.now() - startMs < 90_000, "the new key is not taken");
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

  test("an issuer that is away while Heddle restarts lets nobody down, and the policy says so until it is back", async (t) => {
    const state = await mkdtemp(path.join(tmpdir(), "heddle-kept-keys-"));
    t.after(() => rm(state, { recursive: true }));
    await using backend = await openEchoServer();
    await using issuer = new Issuer();
    const issuerPort = await issuer.open();
    const options: Parameters<typeof startHeddle<"http">>[0] = {
      files: ({ http: port }) => ({ "web.yaml": configuration(port, issuerPort, backend.port) }),
      args: ["--workers", "2", "--state", state],
    };
    const token = makeToken("a", keys.a.privateKey);
    {
      await using heddle = await startHeddle(options);
      assert.equal(await ask(heddle.urls.http, token), 200);
      const { status, reason, message } = await keysResolved(heddle.api);
      assert.deepEqual([status, reason, message], ["True", "KeysResolved", ""]);
    }
    assert.equal((await stat(path.join(state, "key-sets.json"))).mode & 0o777, 0o600);

    await issuer.close();
    await using heddle = await startHeddle(options);
    const url = heddle.urls.http;
    assert.equal(await ask(url, token), 200);
    assert.equal(await ask(url, makeToken("a", keys.b.privateKey)), 401);
    assert.ok(await hasReason(heddle.api, "KeysOutdated"));
    const { status, message } = await keysResolved(heddle.api);
    assert.equal(status, "False");
    assert.match(
      message,
      /^spec\.authentication\.jwt\.issuers\[0\]\.keys\.url: http:\/\/127\.0\.0\.1:\d+\/jwks\.json: .*ECONNREFUSED.*; those of 20.*Z stay in use, until 20.*Z; see that/,
    );
    const metrics = await (await fetch(`${heddle.api}/metrics`)).text();
    assert.match(
      metrics,
      /heddle_key_set_fetches_total\{key_set="[^"]*\/jwks\.json",result="failed"\} [1-9]/,
    );
    assert.match(metrics, /heddle_key_set_age_seconds\{key_set="[^"]*\/jwks\.json"\} \d/);

    issuer.published = ["b"];
    await issuer.open();
    assert.ok(await hasReason(heddle.api, "KeysResolved"));
    const isFollowed = async () => (await ask(url, makeToken("b", keys.b.privateKey))) === 200;
    assert.ok(await becomesTrue(isFollowed, 20_000));
    assert.equal(await ask(url, token), 401);
    const lines = heddle.stderr().split("\n").concat(heddle.stdout().split("\n"));
    assert.equal(lines.filter((line) => line.includes("keys cannot be fetched")).length, 1);
    assert.equal(lines.filter((line) => line.includes("keys are fetched again")).length, 1);
  });

  test("an issuer that never answered is said on the policy, whose tokens are refused", async () => {
    await using backend = await openEchoServer();
    await using issuer = new Issuer();
    issuer.isBroken = true;
    const issuerPort = await issuer.open();
    await using heddle = await startHeddle({
      files: ({ http: port }) => ({ "web.yaml": configuration(port, issuerPort, backend.port) }),
      args: ["--workers", "1"],
    });
    const token = makeToken("a", keys.a.privateKey);
    assert.equal(await ask(heddle.urls.http, token), 401);
    assert.ok(await hasReason(heddle.api, "KeysMissing"));
    assert.match(
      (await keysResolved(heddle.api)).message,
      /answers 500; until they are, tokens of their issuers/,
    );
    issuer.isBroken = false;
    assert.ok(await hasReason(heddle.api, "KeysResolved"));
    assert.ok(await becomesTrue(async () => (await ask(heddle.urls.http, token)) === 200, 20_000));
  });
});
