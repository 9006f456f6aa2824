import assert from "node:assert/strict";
import { once } from "node:events";
import https from "node:https";
import type net from "node:net";
import { after, before, test } from "node:test";
import type tls from "node:tls";
import {
  type EchoServer,
  type IssuedCertificate,
  makeCertificateAuthority,
  openEchoServer,
  type TestCertificateAuthority,
} from "@heddle/testkit";
import { eventually, type Fabric, openFabric, told } from "./fabric.ts";
import {
  endpoint,
  gateway,
  grant,
  httpListener,
  prefix,
  route,
  rule,
  service,
  tlsSecret,
} from "./manifests.ts";

let fabric: Fabric<"http">;
let authority: TestCertificateAuthority;
/** Takes clients with a certificate of the authority alone. */
let strict: EchoServer;
let own: IssuedCertificate;
/** Answers with the names of the certificate that it is shown. */
let watching: https.Server;

const presenting = (name: string, more: Record<string, unknown> = {}) => ({
  tls: { backend: { clientCertificateRef: { name, ...more } } },
});

before(async () => {
  authority = await makeCertificateAuthority();
  const stranger = await makeCertificateAuthority("Stranger");
  own = await authority.issue({ names: ["gateway.test"], use: "client" });
  const server = await authority.issue({ names: ["abc.example.com"], use: "server" });
  const foreign = await stranger.issue({ names: ["gateway.test"], use: "client" });
  const options = { ...server, ca: authority.cert, requestCert: true, rejectUnauthorized: true };
  strict = await openEchoServer({ name: "strict", tls: options });
  watching = https.createServer(options, ({ socket }, response) => {
    response.end((socket as tls.TLSSocket).getPeerCertificate().subjectaltname);
  });
  watching.listen(0, "127.0.0.1");
  await once(watching, "listening");
  fabric = await openFabric({
    ports: ["http"],
    resources: ({ http }) => {
      const edge = (name: string, more: Record<string, unknown>) => [
        gateway(`infra/${name}`, [httpListener("http", http, { hostname: `${name}.test` })], more),
        route(`infra/${name}`, name, [rule([prefix("/")], "strict")]),
      ];
      return [
        service("infra/strict"),
        endpoint("infra/strict", strict.port),
        service("infra/watching"),
        endpoint("infra/watching", (watching.address() as net.AddressInfo).port),
        {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { namespace: "infra", name: "roots" },
          data: { "ca.crt": authority.cert },
        },
        {
          apiVersion: "gateway.networking.k8s.io/v1",
          kind: "BackendTLSPolicy",
          metadata: { namespace: "infra", name: "strict" },
          spec: {
            targetRefs: ["strict", "watching"].map((name) => ({ group: "", kind: "Service", name })),
            validation: {
              hostname: "abc.example.com",
              caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "roots" }],
            },
          },
        },
        tlsSecret("infra/own", own),
        tlsSecret("infra/foreign", foreign),
        tlsSecret("granted/own", own),
        tlsSecret("closed/own", own),
        grant("granted/grant", { kind: "Gateway", namespace: "infra" }, { kind: "Secret" }),
        ...edge("with", presenting("own")),
        ...edge("without", {}),
        ...edge("foreign", presenting("foreign")),
        ...edge("granted", presenting("own", { namespace: "granted" })),
        ...edge("closed", presenting("own", { namespace: "closed" })),
        route("infra/shared", [{ name: "with" }, { name: "without" }], [rule([prefix("/shared")], "strict")]),
        ...edge("missing", presenting("no-such-secret")),
        ...edge("other-kind", presenting("roots", { kind: "ConfigMap" })),
      ];
    },
  });
});
after(async () => {
  await fabric[Symbol.asyncDispose]();
  await strict.close();
  watching.close();
});

/** Who answers, by a body that was read to its end, or the status. */
const reach = async (name: string) => (await fabric.ask("http", "/", { host: `${name}.test` })).servedBy;

async function resolved(name: string): Promise<string> {
  return told((await fabric.read("gateways", `infra/${name}`)).status.conditions, "ResolvedRefs");
}

test("GatewayTLSBackendClientCertificate: backends that ask for a certificate are shown the Gateway's", async () => {
  for (const name of ["with", "granted"]) {
    assert.equal(await resolved(name), "ResolvedRefs=True ResolvedRefs", name);
    assert.equal(await reach(name), "strict", name);
  }
});

test("GatewayTLSBackendClientCertificate: a Gateway without one shows none, though another's has been used", async () => {
  const before = strict.requestCount;
  for (const name of ["without", "foreign"]) assert.equal(await reach(name), 502, name);
  assert.equal(strict.requestCount, before);
});

test("GatewayTLSBackendClientCertificate: a route of two Gateways goes on as the one that a request came by", async () => {
  const shared = async (name: string) =>
    (await fabric.ask("http", "/shared", { host: `${name}.test` })).servedBy;
  assert.equal(await shared("with"), "strict");
  assert.equal(await shared("without"), 502);
});

test("GatewayTLSBackendClientCertificate: one that does not resolve is said, and is not shown", async () => {
  assert.equal(await resolved("missing"), "ResolvedRefs=False InvalidClientCertificateRef");
  assert.equal(await resolved("other-kind"), "ResolvedRefs=False InvalidClientCertificateRef");
  assert.equal(await resolved("closed"), "ResolvedRefs=False RefNotPermitted");
  for (const name of ["missing", "other-kind", "closed"]) assert.equal(await reach(name), 502, name);
});

test("GatewayTLSBackendClientCertificate: a new certificate in the Secret is shown on new connections", async () => {
  const put = async (name: string) =>
    fabric.put("rotated", [
      tlsSecret("infra/rotated", await authority.issue({ names: [name], use: "client" })),
      gateway(
        "infra/rotated",
        [httpListener("http", fabric.ports.http, { hostname: "rotated.test" })],
        presenting("rotated"),
      ),
      route("infra/rotated", "rotated", [rule([prefix("/")], "watching")]),
    ]);
  for (const name of ["first.test", "second.test"]) {
    await put(name);
    await eventually(async () => {
      const { body } = await fabric.ask("http", "/", { host: "rotated.test" });
      assert.equal(body, `DNS:${name}`);
    });
  }
});
