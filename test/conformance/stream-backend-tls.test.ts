import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { after, before, test } from "node:test";
import tls from "node:tls";
import { makeCertificateAuthority, type TestCertificateAuthority } from "@heddle/testkit";
import { type Fabric, openFabric, type ReadCondition, told } from "./fabric.ts";
import { endpoint, gateway, type Manifest, service, tlsSecret } from "./manifests.ts";

type Port = "tcp" | "other" | "anonymous" | "badName" | "badRoot" | "noRoot" | "broken" | "tls";
let fabric: Fabric<Port>;
let authority: TestCertificateAuthority;
let server: tls.Server;
/** Octets that the backend got out of TLS. */
let received = "";

const gatewayApi = "gateway.networking.k8s.io/v1";
const streamRoute = (
  kind: "TCPRoute" | "TLSRoute",
  name: string,
  parentRefs: readonly Record<string, unknown>[],
  backend: string,
): Manifest => ({
  apiVersion: gatewayApi,
  kind,
  metadata: { namespace: "infra", name },
  spec: {
    parentRefs,
    ...(kind === "TLSRoute" && { hostnames: ["open.example.org", "pass.example.org"] }),
    rules: [{ backendRefs: [{ name: backend, port: 8080 }] }],
  },
});

const roots = (name: string, pem: string): Manifest => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { namespace: "infra", name },
  data: { "ca.crt": pem },
});

function policy(service: string, validation: Record<string, unknown>): Manifest {
  return {
    apiVersion: gatewayApi,
    kind: "BackendTLSPolicy",
    metadata: { namespace: "infra", name: service },
    spec: { targetRefs: [{ group: "", kind: "Service", name: service }], validation },
  };
}

const trusting = (name: string, hostname: string = "db.internal") => ({
  hostname,
  caCertificateRefs: [{ group: "", kind: "ConfigMap", name }],
});

before(async () => {
  authority = await makeCertificateAuthority();
  const stranger = await makeCertificateAuthority("Stranger");
  const [own, open, first, second] = await Promise.all([
    authority.issue({ names: ["db.internal", "pass.example.org"] }),
    authority.issue({ names: ["open.example.org"] }),
    authority.issue({ names: ["first.test"], use: "client" }),
    authority.issue({ names: ["second.test"], use: "client" }),
  ]);
  const options = { ...own, ca: authority.cert, requestCert: true, rejectUnauthorized: false };
  server = tls.createServer({ ...options, ALPNProtocols: ["postgresql"] }, (socket) => {
    const { servername, alpnProtocol } = socket as tls.TLSSocket & { servername: string };
    const client = socket.getPeerCertificate().subjectaltname ?? "none";
    socket.on("error", () => {});
    socket.write(`${servername} ${alpnProtocol} ${client}\n`);
    socket.on("data", (bytes) => (received += bytes.toString()));
    socket.pipe(socket);
  });
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  const served = (name: string, validation: Record<string, unknown>) => [
    service(`infra/${name}`, { appProtocol: "example.com/own" }),
    endpoint(`infra/${name}`, port),
    policy(name, validation),
  ];
  const tcp = (name: string, own: number, secret?: string): Manifest =>
    gateway(
      `infra/${name}`,
      [{ name: "tcp", port: own, protocol: "TCP" }],
      secret === undefined ? {} : { tls: { backend: { clientCertificateRef: { name: secret } } } },
    );
  const bad = ["badName", "badRoot", "noRoot", "broken"] as const;
  fabric = await openFabric<Port>({
    ports: ["tcp", "other", "anonymous", ...bad, "tls"],
    resources: (ports) => [
      roots("roots", authority.cert),
      roots("strangers", stranger.cert),
      tlsSecret("infra/open", open),
      tlsSecret("infra/first", first),
      tlsSecret("infra/second", second),
      ...served("good", trusting("roots")),
      ...served("bad-name", trusting("roots", "other.internal")),
      ...served("bad-root", trusting("strangers")),
      ...served("no-root", trusting("not-there")),
      ...served("broken", {}),
      tcp("first", ports.tcp, "first"),
      tcp("second", ports.other, "second"),
      tcp("anonymous", ports.anonymous),
      streamRoute(
        "TCPRoute",
        "shared",
        [{ name: "first" }, { name: "second" }, { name: "anonymous" }],
        "good",
      ),
      gateway(
        "infra/bad",
        bad.map((name) => ({ name: name.toLowerCase(), port: ports[name], protocol: "TCP" })),
      ),
      streamRoute("TCPRoute", "bad-name", [{ name: "bad", sectionName: "badname" }], "bad-name"),
      streamRoute("TCPRoute", "bad-root", [{ name: "bad", sectionName: "badroot" }], "bad-root"),
      streamRoute("TCPRoute", "no-root", [{ name: "bad", sectionName: "noroot" }], "no-root"),
      streamRoute("TCPRoute", "broken", [{ name: "bad", sectionName: "broken" }], "broken"),
      gateway("infra/both", [
        {
          name: "open",
          port: ports.tls,
          protocol: "TLS",
          hostname: "open.example.org",
          tls: { certificateRefs: [{ name: "open" }] },
        },
        {
          name: "pass",
          port: ports.tls,
          protocol: "TLS",
          hostname: "pass.example.org",
          tls: { mode: "Passthrough" },
        },
      ]),
      streamRoute("TLSRoute", "both", [{ name: "both" }], "good"),
    ],
  });
});
after(async () => {
  await fabric[Symbol.asyncDispose]();
  server.close();
});

/** What a connection that says "hello" and ends gets: one line of the backend, and its own word. */
async function hello(socket: net.Socket): Promise<string> {
  socket.on("error", () => {});
  socket.end("hello");
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return text;
}

const plain = (port: Port): Promise<string> =>
  hello(net.connect({ port: fabric.ports[port], host: "127.0.0.1", allowHalfOpen: true }));

const secure = (servername: string): Promise<string> =>
  hello(
    tls.connect({
      port: fabric.ports.tls,
      host: "127.0.0.1",
      servername,
      ca: authority.cert,
      ALPNProtocols: ["postgresql"],
    }),
  );

test("TLSRouteBackendTLSPolicy: what was decrypted is encrypted again, by the policy's name", async () => {
  assert.equal(await secure("open.example.org"), "db.internal postgresql none\nhello");
});

test("TLSRouteBackendTLSPolicy: TLS that is passed on is not encrypted again", async () => {
  assert.equal(await secure("pass.example.org"), "pass.example.org postgresql none\nhello");
});

test("TCPRouteMultipleGateways: connections are encrypted, under each Gateway's own certificate", async () => {
  assert.equal(await plain("tcp"), "db.internal false DNS:first.test\nhello");
  assert.equal(await plain("other"), "db.internal false DNS:second.test\nhello");
  assert.equal(await plain("anonymous"), "db.internal false none\nhello");
  assert.equal(await plain("tcp"), "db.internal false DNS:first.test\nhello");
});

test("TCPRouteBackendTLSPolicy: without a good certificate, or by a bad policy, not one octet goes on", async () => {
  received = "";
  for (const port of ["badName", "badRoot", "noRoot", "broken"] as const) {
    assert.equal(await plain(port).catch(() => ""), "", port);
  }
  assert.equal(received, "");
});

test("TCPRouteBackendTLSPolicy: the policy says for which Gateways it holds, and why it does not", async () => {
  interface PolicyStatus {
    status: { ancestors: { ancestorRef: { name: string }; conditions: ReadCondition[] }[] };
  }
  const said = async (name: string) => {
    const { ancestors } = (await fabric.read<PolicyStatus>("backendtlspolicies", `infra/${name}`)).status;
    return ancestors.map((one) => `${one.ancestorRef.name} ${told(one.conditions, "Accepted")}`);
  };
  const good = ["anonymous", "both", "first", "second"];
  assert.deepEqual(
    await said("good"),
    good.map((name) => `${name} Accepted=True Accepted`),
  );
  assert.deepEqual(await said("no-root"), ["bad Accepted=False NoValidCACertificate"]);
});
