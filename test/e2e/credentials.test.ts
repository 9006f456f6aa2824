import assert from "node:assert/strict";
import { createHash, createHmac, generateKeyPairSync, randomUUID, sign, X509Certificate } from "node:crypto";
import http from "node:http";
import https from "node:https";
import { after, before, describe, test } from "node:test";
import {
  makeCertificateAuthority,
  openEchoServer,
  startHeddle,
  type Echo,
  type IssuedCertificate,
  type RunningHeddle,
  type TestCertificateAuthority,
} from "@heddle/testkit";

type Document = Record<string, unknown>;

const gatewayGroup = "gateway.networking.k8s.io/v1";
const webhookSecret = "It's a Secret to Everybody";
const signer = generateKeyPairSync("ed25519");

const policy = (rule: string, authentication: Document): Document => ({
  apiVersion: "heddle.dev/v1alpha1",
  kind: "AccessPolicy",
  metadata: { name: rule },
  spec: { targetRefs: [{ kind: "HTTPRoute", name: "echo", sectionName: rule }], authentication },
});

const secret = (name: string, type: string, stringData: Record<string, string>): Document => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name },
  type,
  stringData,
});

const timedHooks = {
  secretRefs: [{ name: "webhooks", key: "github" }],
  subject: "github",
  signature: { header: "X-Signature" },
  content: "{timestamp}.{body}",
  timestamp: { header: "X-Timestamp" },
  replays: "Refuse",
};

interface Authorities {
  readonly trusted: TestCertificateAuthority;
  readonly partner: TestCertificateAuthority;
  readonly server: IssuedCertificate;
}

function documents(ports: { http: number; https: number }, backend: number, of: Authorities): Document[] {
  const rules = ["basic", "signed", "hook", "timed", "certificate", "partner"].map((name) => ({
    name,
    matches: [{ path: { value: `/${name}` } }],
    backendRefs: [{ group: "heddle.dev", kind: "Backend", name: name === "timed" ? "guarded" : "echo" }],
  }));
  const { cert, key } = of.server;
  return [
    {
      apiVersion: gatewayGroup,
      kind: "Gateway",
      metadata: { name: "edge" },
      spec: {
        gatewayClassName: "heddle",
        listeners: [
          { name: "http", protocol: "HTTP", port: ports.http },
          { name: "https", protocol: "HTTPS", port: ports.https, tls: { certificateRefs: [{ name: "server" }] } },
        ],
        // Everybody is let in, so that it is the policy that decides.
        tls: {
          frontend: {
            default: {
              validation: {
                caCertificateRefs: [
                  { group: "", kind: "ConfigMap", name: "trusted" },
                  { group: "", kind: "ConfigMap", name: "partner" },
                ],
                mode: "AllowInsecureFallback",
              },
            },
          },
        },
      },
    },
    { apiVersion: gatewayGroup, kind: "HTTPRoute", metadata: { name: "echo" }, spec: { parentRefs: [{ name: "edge" }], rules } },
    { apiVersion: "heddle.dev/v1alpha1", kind: "Backend", metadata: { name: "echo" }, spec: { url: `http://127.0.0.1:${backend}` } },
    { apiVersion: "heddle.dev/v1alpha1", kind: "Backend", metadata: { name: "guarded" }, spec: { url: `http://127.0.0.1:${backend}` } },
    secret("server", "kubernetes.io/tls", { "tls.crt": cert, "tls.key": key }),
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "trusted" }, data: { "ca.crt": of.trusted.cert } },
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "partner" }, data: { "ca.crt": of.partner.cert } },
    // What `htpasswd -nbB alice 'open sesame'` of Apache 2.4 printed.
    secret("users", "Opaque", { auth: "alice:$2y$05$1wdDAMYgIkoTV5AG6.ebKO82XaoBIorON5VBYX0V3qbwaEQFJQnVK\n" }),
    policy("basic", { basic: { secretRef: { name: "users" }, realm: "shop" } }),
    secret("signers", "heddle.dev/signature-keys", {
      acme: JSON.stringify({
        algorithm: "ed25519",
        publicKey: signer.publicKey.export({ type: "spki", format: "pem" }),
        consumer: "acme",
      }),
    }),
    policy("signed", { httpSignatures: { secrets: { names: ["signers"] }, nonce: "Required" } }),
    secret("webhooks", "Opaque", { github: webhookSecret }),
    policy("hook", {
      hmac: {
        secretRefs: [{ name: "webhooks", key: "github" }],
        subject: "github",
        signature: { header: "X-Hub-Signature-256", prefix: "sha256=" },
      },
    }),
    policy("timed", { hmac: timedHooks }),
    // The same request is asked for it again on its way to the backend.
    {
      apiVersion: "heddle.dev/v1alpha1",
      kind: "AccessPolicy",
      metadata: { name: "guarded" },
      spec: { targetRefs: [{ kind: "Backend", name: "guarded" }], authentication: { hmac: timedHooks } },
    },
    policy("certificate", { clientCertificate: { allowed: { uris: ["spiffe://shop.example/*"] }, forward: true } }),
    policy("partner", { clientCertificate: { caCertificateRefs: [{ name: "partner" }] } }),
  ]; // prettier-ignore
}

describe("ways to authenticate", () => {
  let authorities: Authorities;
  let backend: Awaited<ReturnType<typeof openEchoServer>>;
  let heddle: RunningHeddle<"http" | "https">;
  before(async () => {
    const trusted = await makeCertificateAuthority();
    const partner = await makeCertificateAuthority("Partner Root");
    authorities = { trusted, partner, server: await trusted.issue({ names: ["shop.example"] }) };
    backend = await openEchoServer();
    heddle = await startHeddle({
      ports: ["http", "https"],
      files: (ports) => ({
        "site.yaml": documents(ports, backend.port, authorities)
          .map((one) => JSON.stringify(one))
          .join("\n---\n"),
      }),
      args: ["--access-log", "-", "--workers", "2"],
    });
  });
  after(async () => {
    await heddle?.stop();
    await backend?.[Symbol.asyncDispose]();
  });

  interface Asked {
    readonly path: string;
    readonly method?: string;
    readonly headers?: Record<string, string>;
    readonly body?: string;
    /** Over TLS. */
    readonly client?: Partial<IssuedCertificate>;
  }

  function ask({ path, method = "GET", headers = {}, body = "", client }: Asked) {
    const common = { path, method, headers: { host: "shop.example", ...headers }, agent: false as const };
    const secure = { ca: authorities.trusted.cert, servername: "shop.example", ...client };
    return new Promise<{ status: number; challenge: string | undefined; echo: Echo | null }>(
      (resolve, reject) => {
        const answered = async (response: http.IncomingMessage) => {
          let text = "";
          for await (const chunk of response) text += chunk;
          const status = response.statusCode!;
          const echo = status === 200 ? (JSON.parse(text) as Echo) : null;
          resolve({ status, challenge: response.headers["www-authenticate"], echo });
        };
        const request =
          client === undefined
            ? http.request({ ...common, port: heddle.ports.http }, answered)
            : https.request({ ...common, ...secure, port: heddle.ports.https }, answered);
        request.on("error", reject);
        request.end(body);
      },
    );
  }

  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString("base64")}` });

  test("a name and password of htpasswd -B lets in, and nothing else does", async () => {
    const path = "/basic";
    const good = await ask({ path, headers: basic("alice:open sesame") });
    assert.equal(good.status, 200);
    assert.ok(!JSON.stringify(good.echo).toLowerCase().includes("authorization"));
    assert.equal(
      (await ask({ path, headers: basic("alice:open sesame") })).status,
      200,
      "again, from memory",
    );
    for (const headers of [{}, basic("alice:wrong"), basic("bob:open sesame"), basic("alice"), { authorization: "Basic !" }]) {
      const { status, challenge } = await ask({ path, headers: headers as Record<string, string> });
      assert.equal(status, 401);
      assert.equal(challenge, 'Basic realm="shop", charset="UTF-8"');
    } // prettier-ignore
  });

  test("a flood of bad passwords is turned away before it is hashed, and others go on", async () => {
    const flood = Array.from({ length: 60 }, (_, at) =>
      ask({ path: "/basic", headers: basic(`alice:${at}`) }),
    );
    const known = await ask({ path: "/basic", headers: basic("alice:open sesame") });
    const statuses = (await Promise.all(flood)).map(({ status }) => status);
    assert.ok(statuses.includes(503), "there is no place for all");
    assert.ok(statuses.every((status) => status === 401 || status === 503));
    assert.ok([200, 503].includes(known.status));
  });

  function signed(body: string, change: { created?: number; nonce?: string } = {}): Record<string, string> {
    const { created = Math.floor(Date.now() / 1000), nonce = randomUUID() } = change;
    const digest = `sha-256=:${createHash("sha256").update(body).digest("base64")}:`;
    const names = '"@method" "@authority" "@path" "@query" "content-digest"';
    const input = `(${names});created=${created};keyid="acme";nonce="${nonce}"`;
    const base = [
      '"@method": POST',
      '"@authority": shop.example',
      '"@path": /signed',
      '"@query": ?a=1',
      `"content-digest": ${digest}`,
      `"@signature-params": ${input}`,
    ].join("\n");
    const signature = sign(null, Buffer.from(base), signer.privateKey).toString("base64");
    return { "content-digest": digest, "signature-input": `sig=${input}`, signature: `sig=:${signature}:` };
  }

  test("a signed request lets in, once, with the body that was signed", async () => {
    const path = "/signed?a=1";
    const body = '{"amount": 5}';
    const post = (headers: Record<string, string>, sent = body, of = path) =>
      ask({ path: of, method: "POST", headers, body: sent });
    const headers = signed(body);
    const good = await post(headers);
    assert.equal(good.status, 200);
    assert.equal(good.echo!.bodySha256, createHash("sha256").update(body).digest("hex"));
    const replays = await Promise.all([post(headers), post(headers), post(headers), post(headers)]);
    assert.deepEqual(
      replays.map(({ status }) => status),
      [401, 401, 401, 401],
      "whichever worker has it",
    );
    assert.equal((await post(signed(body), '{"amount": 6}')).status, 401);
    assert.equal(
      (await post({ ...signed(body), "transfer-encoding": "chunked" }, '{"amount": 6}')).status,
      401,
    );
    assert.equal((await post({ ...signed(body), "transfer-encoding": "chunked" })).status, 200);
    assert.equal((await post(signed(body), body, "/signed?a=2")).status, 401);
    assert.equal((await post(signed(body, { created: Math.floor(Date.now() / 1000) - 600 }))).status, 401);
    const none = await post({});
    assert.equal(none.status, 401);
    assert.match(none.challenge!, /^Signature realm="heddle"/);
  });

  test("a webhook lets in with the body that its sender signed", async () => {
    const mac = (body: string) => `sha256=${createHmac("sha256", webhookSecret).update(body).digest("hex")}`;
    const post = (signature: string, body: string, more: Record<string, string> = {}) =>
      ask({ path: "/hook", method: "POST", headers: { "x-hub-signature-256": signature, ...more }, body });
    const good = await post(mac("{}"), "{}");
    assert.equal(good.status, 200);
    assert.equal(good.echo!.bodyLength, 2);
    assert.equal((await post(mac("{}"), "{}", { "transfer-encoding": "chunked" })).status, 200);
    assert.equal((await post(mac(""), "")).status, 200);
    const before = backend.requestCount;
    assert.equal((await post(mac("{}"), "[]")).status, 401);
    assert.equal((await post(mac("{}"), "[]", { "transfer-encoding": "chunked" })).status, 401);
    assert.equal((await post(mac("{}"), "")).status, 401);
    assert.equal((await post("sha256=00", "{}")).status, 401);
    assert.equal((await ask({ path: "/hook", method: "POST", body: "{}" })).status, 401);
    assert.equal(backend.requestCount, before, "the backend sees none of it");
  });

  test("a webhook whose replays are refused lets in once, whichever worker has it, by all policies on its way", async () => {
    const post = (body: string, seconds: number) => {
      const signature = createHmac("sha256", webhookSecret).update(`${seconds}.${body}`).digest("hex");
      const headers = { "x-signature": signature, "x-timestamp": String(seconds) };
      return ask({ path: "/timed", method: "POST", headers, body });
    };
    const seconds = Math.floor(Date.now() / 1000);
    for (const body of ["{}", ""]) {
      const before = backend.requestCount;
      const all = await Promise.all(Array.from({ length: 16 }, () => post(body, seconds)));
      const statuses = all.map(({ status }) => status).sort((a, b) => a - b);
      assert.deepEqual(statuses, [200, ...Array.from({ length: 15 }, () => 401)]);
      assert.equal(backend.requestCount, before + 1);
    }
    assert.equal((await post("{}", seconds + 1)).status, 200, "signed anew");
  });

  test("a verified certificate of an allowed name lets in; one that anybody can make does not", async () => {
    const path = "/certificate";
    const { trusted, partner } = authorities;
    const spiffe = "spiffe://shop.example/ns/shop/sa/orders";
    const good = await trusted.issue({ names: ["orders", spiffe], use: "client" });
    const fingerprint = createHash("sha256").update(new X509Certificate(good.cert).raw).digest("hex");
    const forged = { "x-forwarded-client-cert": `Hash=${fingerprint};URI=${spiffe}` };
    const answer = await ask({ path, client: good, headers: { "x-forwarded-client-cert": "Hash=evil" } });
    assert.equal(answer.status, 200);
    assert.deepEqual(
      answer.echo!.headers.filter(([name]) => name.toLowerCase() === "x-forwarded-client-cert").map(([, value]) => value),
      [`Hash=${fingerprint};Subject="CN=orders";URI=${spiffe};DNS=orders`],
    ); // prettier-ignore
    const other = await makeCertificateAuthority("Anybody");
    const table: [string, Partial<IssuedCertificate> | undefined][] = [
      ["in clear text", undefined],
      ["without a certificate", {}],
      ["of another authority", await other.issue({ names: ["orders", spiffe], use: "client" })],
      ["expired", await trusted.issue({ names: ["orders", spiffe], use: "client", validity: "expired" })],
      [
        "of another name",
        await trusted.issue({ names: ["orders", "spiffe://evil.example/x"], use: "client" }),
      ],
      ["a server's", await trusted.issue({ names: ["orders", spiffe], use: "server" })],
    ];
    for (const [title, client] of table) {
      const { status } = await ask({ path, headers: forged, ...(client !== undefined && { client }) });
      assert.equal(status, 401, title);
    }
    const ofPartner = await partner.issue({ names: ["partner"], use: "client" });
    assert.equal((await ask({ path: "/partner", client: ofPartner })).status, 200);
    assert.equal(
      (await ask({ path: "/partner", client: good })).status,
      401,
      "the listener trusts more than the policy",
    );
  });

  test("nothing that lets in is printed", () => {
    const printed = heddle.stdout() + heddle.stderr();
    for (const text of ["open sesame", Buffer.from("alice:open sesame").toString("base64")])
      assert.ok(!printed.includes(text));
  });
});
