import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { after, before, describe, test } from "node:test";
import {
  findFreePorts,
  openEchoServer,
  startHeddle,
  type Echo,
  type EchoServer,
  type RunningHeddle,
} from "@heddle/testkit";
import { send } from "../conformance/send.ts";
import { Browser, startProvider, type Page, type RunningProvider } from "./oidc-peer.ts";

const configuration = (port: number, backend: number, issuer: string, keys: string): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec: { gatewayClassName: heddle, listeners: [{ name: http, protocol: HTTP, port: ${port} }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - { name: shop, backendRefs: [{ group: heddle.dev, kind: Backend, name: shop }] }
    - { name: api, matches: [{ path: { value: /opaque } }], backendRefs: [{ group: heddle.dev, kind: Backend, name: shop }] }
    - { name: bye, matches: [{ path: { value: /bye } }], backendRefs: [{ group: heddle.dev, kind: Backend, name: shop }] }
---
apiVersion: heddle.dev/v1alpha1
kind: Backend
metadata: { name: shop }
spec: { endpoints: [{ address: 127.0.0.1, port: ${backend} }] }
---
apiVersion: v1
kind: Secret
metadata: { name: oidc }
stringData:
  keys: '${keys}'
  shop: shop-secret-with-all-the-octets-it-needs
  other: other-secret-with-all-the-octets-it-needs
---
apiVersion: heddle.dev/v1alpha1
kind: Backend
metadata: { name: id }
spec: { endpoints: [{ address: 127.0.0.1, port: ${new URL(issuer).port} }] }
---
apiVersion: heddle.dev/v1alpha1
kind: AccessPolicy
metadata: { name: opaque }
spec:
  targetRefs: [{ kind: HTTPRoute, name: shop, sectionName: api }]
  authentication:
    introspection:
      backendRef: { group: heddle.dev, kind: Backend, name: id }
      path: /token/introspection
      host: ${new URL(issuer).host}
      clientId: shop
      clientSecretRef: { name: oidc, key: shop }
      cache: { ttl: 0s, negativeTtl: 0s }
      claimHeaders: [{ header: X-User, claim: sub }]
---
apiVersion: heddle.dev/v1alpha1
kind: AccessPolicy
metadata: { name: login }
spec:
  targetRefs: [{ kind: HTTPRoute, name: shop, sectionName: shop }]
  authentication:
    oidc:
      providers:
        - name: corp
          issuer: ${issuer}
          clientId: shop
          clientSecretRef: { name: oidc, key: shop }
          scopes: [email]
          claimHeaders: [{ header: X-User, claim: sub }, { header: X-Email, claim: email }]
          forwardAccessToken: true
        - { name: other, issuer: "${issuer}", clientId: other, clientSecretRef: { name: oidc, key: other } }
      session: { keysRef: { name: oidc } }
      logout: { returnPath: /bye }
`;

describe("OpenID login with oidc-provider", () => {
  let backend: EchoServer;
  let provider: RunningProvider;
  let heddle: RunningHeddle;
  let origin: string;
  const keys = randomBytes(32).toString("base64");

  before(async () => {
    backend = await openEchoServer();
    const [port] = await findFreePorts(1);
    const issuer = `http://127.0.0.1:${port}`;
    heddle = await startHeddle({
      files: (ports) => ({ "shop.yaml": configuration(ports.http, backend.port, issuer, keys) }),
      args: ["--workers", "2"],
    });
    origin = heddle.urls.http;
    provider = await startProvider(port!, origin);
  });
  after(async () => {
    await heddle?.stop();
    await provider?.close();
    await backend?.close();
  });

  /** Up to where the provider sends the browser back. */
  async function answerOf(browser: Browser, user: string, from: string, which = "corp"): Promise<URL> {
    const callback = `${origin}/oauth2/callback/${which}`;
    const form = await browser.visit(`${origin}/oauth2/login/${which}?return_to=${encodeURIComponent(from)}`);
    assert.match(form.body, /name="login"/);
    let page: Page = await browser.submit(form, { prompt: "login", login: user, password: "x" }, callback);
    if (!page.headers.has("location")) page = await browser.submit(page, { prompt: "consent" }, callback);
    return new URL(page.headers.get("location")!, page.url);
  }

  async function login(browser: Browser, user: string, from = "/"): Promise<Page> {
    return browser.visit(await answerOf(browser, user, from));
  }

  const headersOf = (page: Page) => {
    assert.equal(page.status, 200, page.body);
    const { headers } = JSON.parse(page.body) as Echo;
    return new Map(headers.map(([name, value]) => [name.toLowerCase(), value]));
  };

  test("a person is sent to the provider and back to the page; the backend knows who it is", async () => {
    const browser = new Browser();
    // Not by fetch, which says that it is one.
    const sent = await send(heddle.ports.http, "/a?b=c", { headers: { accept: "text/html" } });
    assert.equal(sent.status, 200);
    assert.match(sent.body, /\/oauth2\/login\/corp\?return_to=%2Fa%3Fb%3Dc/);
    const page = await login(browser, "alice", "/a?b=c");
    assert.equal(page.url.href, `${origin}/a?b=c`);
    const headers = headersOf(page);
    assert.equal(headers.get("x-user"), "alice");
    assert.equal(headers.get("x-email"), "alice@corp.test");
    assert.match(headers.get("authorization")!, /^Bearer ./);
    assert.equal(headers.has("cookie"), false);
    const spoofed = await browser.fetch(`${origin}/`, { headers: { "x-user": "admin" } });
    assert.equal(headersOf(spoofed).get("x-user"), "alice");
  });

  test("a script gets 401, and no redirect", async () => {
    const answer = await new Browser().fetch(`${origin}/api`, {
      headers: { accept: "text/html", "sec-fetch-mode": "cors" },
    });
    assert.equal(answer.status, 401);
    assert.equal(answer.headers.get("www-authenticate"), 'OIDC login="/oauth2/login"');
  });

  test("an answer counts once, in its browser, for its provider", async () => {
    const [one, two] = [new Browser(), new Browser()];
    const answer = await answerOf(one, "alice", "/");
    // Another browser, with a login of its own under way.
    await two.visit(`${origin}/oauth2/login/corp`, provider.issuer);
    assert.equal((await two.fetch(answer)).status, 400);
    // Another provider's place.
    const mixedUp = new URL(answer);
    mixedUp.pathname = "/oauth2/callback/other";
    assert.equal((await one.fetch(mixedUp)).status, 400);
    // Another issuer's word, another code, another state.
    const kept = new Map(one.jar(answer));
    const changed = (change: (query: URLSearchParams) => void) => {
      const url = new URL(answer);
      change(url.searchParams);
      return url;
    };
    assert.equal((await one.fetch(changed((query) => query.set("state", "x")))).status, 400);
    assert.equal((await one.fetch(changed((query) => query.append("state", "x")))).status, 400);
    const foreign = await answerOf(new Browser(), "mallory", "/");
    const injected = changed((query) => query.set("code", foreign.searchParams.get("code")!));
    assert.equal((await one.fetch(injected)).status, 403, "a code of another login has another verifier");
    // The state is used up, even with the cookie kept; in another worker the provider refuses the rest.
    one.cookies.set(answer.origin, kept);
    const replayed = await one.fetch(changed((query) => query.set("iss", "https://evil.example")));
    assert.ok([400, 403].includes(replayed.status));
    assert.equal((await one.fetch(`${origin}/api`)).status, 401);
  });

  test("it leads back to this origin alone", async () => {
    for (const target of ["//evil.example", "https://evil.example/", "/\\evil.example", "/\t/evil.example"]) {
      const browser = new Browser();
      const answer = await answerOf(browser, "alice", target);
      assert.equal((await browser.fetch(answer)).headers.get("location"), "/", target);
    }
  });

  test("forged, cut and swapped cookies are nobody", async () => {
    const browser = new Browser();
    await login(browser, "alice");
    const own = browser.jar(new URL(origin));
    const session = own.get("heddle-session")!;
    const ask = async (cookie: string) => (await fetch(`${origin}/api`, { headers: { cookie } })).status;
    assert.equal(await ask(`heddle-session=${session}`), 200);
    const flipped = (at: number) => {
      const bytes = Buffer.from(session, "base64url");
      bytes[at]! ^= 1;
      return bytes.toString("base64url");
    };
    const forged: [string, string][] = [
      ["none", ""],
      ["text", "heddle-session=alice"],
      ["version", `heddle-session=${flipped(0)}`],
      ["key", `heddle-session=${flipped(1)}`],
      ["nonce", `heddle-session=${flipped(6)}`],
      ["text changed", `heddle-session=${flipped(40)}`],
      ["tag", `heddle-session=${flipped(Buffer.from(session, "base64url").length - 1)}`],
      ["cut", `heddle-session=${session.slice(0, -4)}`],
      ["twice", `heddle-session=${session}; heddle-session=${session}`],
      ["chunk and whole", `heddle-session=${session}; heddle-session.0=${session}`],
      ["as a login", `heddle-session.login-x=${session}`],
    ];
    await browser.visit(`${origin}/oauth2/login/corp`, provider.issuer);
    const login1 = [...own].find(([name]) => name.startsWith("heddle-session.login-"))!;
    forged.push(["a login as a session", `heddle-session=${login1[1]}`]);
    for (const [name, cookie] of forged) assert.equal(await ask(cookie), 401, name);
  });

  test("a session is renewed once, whichever worker its requests come to", async () => {
    const browser = new Browser();
    await login(browser, "carol");
    const cookie = `heddle-session=${browser.jar(new URL(origin)).get("heddle-session")!}`;
    await wait(2_500);
    provider.lines.length = 0;
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => fetch(`${origin}/api`, { headers: { cookie, connection: "close" } })),
    );
    assert.deepEqual(
      answers.map(({ status }) => status),
      answers.map(() => 200),
    );
    assert.ok(
      answers.every((one) => one.headers.getSetCookie().some((line) => line.startsWith("heddle-session="))),
    );
    assert.deepEqual(provider.lines, ["grant refresh_token"]);
    const renewed = answers[0]!.headers.getSetCookie()[0]!.split(";")[0]!;
    const next = await fetch(`${origin}/api`, { headers: { cookie: renewed } });
    assert.equal(next.status, 200);
  });

  test("an opaque token is who its provider says it is, and nobody once it is revoked", async () => {
    const token = headersOf(await login(new Browser(), "erin")).get("authorization")!;
    const ask = (authorization: string) =>
      fetch(`${origin}/opaque`, { headers: { authorization, "x-user": "admin" } });
    const good = await ask(token);
    assert.equal(good.status, 200);
    const { headers } = (await good.json()) as Echo;
    assert.deepEqual(
      headers.filter(([name]) => name.toLowerCase() === "x-user").map(([, value]) => value),
      ["erin"],
    );
    const forged = await ask(`${token.slice(0, -2)}xx`);
    assert.deepEqual(
      [forged.status, forged.headers.get("www-authenticate")],
      [401, 'Bearer realm="heddle", error="invalid_token", error_description="the token is not active"'],
    );
    const secret = `Basic ${btoa("shop:shop-secret-with-all-the-octets-it-needs")}`;
    await fetch(`${provider.issuer}/token/revocation`, {
      method: "POST",
      headers: { authorization: secret },
      body: new URLSearchParams({ token: token.slice("Bearer ".length) }),
    });
    assert.equal((await ask(token)).status, 401);
  });

  test("a logout ends the session here and at the provider; not for other sites to bring about", async () => {
    const browser = new Browser();
    await login(browser, "dave");
    const own = browser.jar(new URL(origin));
    const foreign = await browser.fetch(`${origin}/oauth2/logout`, {
      headers: { "sec-fetch-site": "cross-site" },
    });
    assert.equal(foreign.status, 403);
    assert.ok(own.has("heddle-session"));
    const answer = await browser.fetch(`${origin}/oauth2/logout`);
    const there = new URL(answer.headers.get("location")!);
    assert.equal(there.origin, provider.issuer);
    assert.equal(there.searchParams.get("post_logout_redirect_uri"), `${origin}/bye`);
    assert.equal(own.has("heddle-session"), false);
    const form = await browser.visit(there);
    const end = await browser.submit(form, { logout: "yes" });
    assert.equal(end.url.href.split("?")[0], `${origin}/bye`);
  });
});
