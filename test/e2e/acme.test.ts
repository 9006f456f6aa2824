import assert from "node:assert/strict";
import https from "node:https";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import {
  AcmeServer,
  becomesTrue,
  findFreePorts,
  openEchoServer,
  startHeddle,
  type AcmeServerOptions,
  type EchoServer,
  type RunningHeddle,
} from "@heddle/testkit";

let echo: EchoServer;
let states: string;
before(async () => {
  echo = await openEchoServer();
  states = mkdtempSync(path.join(tmpdir(), "heddle-acme-e2e-"));
});
after(async () => {
  await echo.close();
  rmSync(states, { recursive: true, force: true });
});

type Ports = { readonly http: number; readonly secure: number; readonly second: number };

async function findPorts(): Promise<Ports> {
  const [http, secure, second] = (await findFreePorts(3)) as [number, number, number];
  return { http, secure, second };
}

/** Two listeners that ask for the same certificate, one of them in a ListenerSet. */
const resources = (server: AcmeServer, { http, secure, second }: Ports): string => `
apiVersion: heddle.dev/v1alpha1
kind: AcmeIssuer
metadata: { name: ca }
spec: { directory: "${server.directory}", challenges: [tls-alpn-01, http-01] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: heddle
  allowedListeners: { namespaces: { from: Same } }
  listeners:
    - { name: http, protocol: HTTP, port: ${http} }
    - { name: one, protocol: HTTPS, port: ${secure}, hostname: a.test, tls: { options: { heddle.dev/acme-issuer: ca } } }
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: { name: more }
spec:
  parentRef: { name: edge }
  listeners:
    - { name: two, protocol: HTTPS, port: ${second}, hostname: a.test, tls: { options: { heddle.dev/acme-issuer: ca } } }
---
apiVersion: heddle.dev/v1alpha1
kind: Backend
metadata: { name: echo }
spec: { url: "http://127.0.0.1:${echo.port}" }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: echo }
spec:
  parentRefs: [{ name: edge }, { kind: ListenerSet, name: more }]
  rules: [{ backendRefs: [{ group: heddle.dev, kind: Backend, name: echo }] }]
`;

const openServer = ({ http, secure }: Ports, options: AcmeServerOptions = {}): Promise<AcmeServer> =>
  AcmeServer.open({ httpPort: http, tlsPort: secure, ...options });

function start(server: AcmeServer, ports: Ports, state: string): Promise<RunningHeddle> {
  return startHeddle({
    files: () => ({ "edge.yaml": resources(server, ports) }),
    args: ["--state", path.join(states, state), "--workers", "2"],
  });
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

async function conditionOf(
  heddle: RunningHeddle,
  type: string,
  listener: string = "one",
): Promise<Condition> {
  const resource = listener === "two" ? "listenersets/more" : "gateways/edge";
  const url = `${heddle.api}/apis/gateway.networking.k8s.io/v1/namespaces/default/${resource}`;
  type Listeners = { status: { listeners: { name: string; conditions: Condition[] }[] } };
  const { status } = (await (await fetch(url)).json()) as Listeners;
  const { conditions } = status.listeners.find(({ name }) => name === listener)!;
  return conditions.find((one) => one.type === type)!;
}

const certificate = "heddle.dev/CertificateIssued";

async function becomesReason(heddle: RunningHeddle, reason: string): Promise<void> {
  const isIt = async (): Promise<boolean> => (await conditionOf(heddle, certificate)).reason === reason;
  assert.ok(await becomesTrue(isIt, 30_000), `not ${reason}: ${heddle.stderr()}`);
}

/** Status of a request over a connection of its own, and the certificate that was shown. */
function send(port: number, ca: string): Promise<{ status: number; serial: string }> {
  return new Promise((resolve, reject) => {
    const options = {
      host: "127.0.0.1",
      port,
      servername: "a.test",
      headers: { host: "a.test" },
      ca,
      agent: false,
    };
    const request = https.get(options, (response) => {
      const serial = (response.socket as import("node:tls").TLSSocket).getPeerCertificate().serialNumber;
      response.resume();
      response.on("end", () => resolve({ status: response.statusCode ?? 0, serial }));
    });
    request.on("error", reject);
  });
}

test("with two workers and two listeners there is one order; a restart makes none, and serves at once", async () => {
  const ports = await findPorts();
  await using server = await openServer(ports);
  {
    await using heddle = await start(server, ports, "restart");
    await becomesReason(heddle, "Issued");
    for (const port of [ports.secure, ports.second])
      assert.equal((await send(port, server.root)).status, 200);
    assert.deepEqual(
      server.orders.map(({ validated }) => validated),
      [["tls-alpn-01 a.test"]],
    );
    assert.match((await conditionOf(heddle, certificate, "two")).message, /^issued until .*, renewed at /);
    assert.equal((await conditionOf(heddle, "Programmed")).status, "True");
  }
  await using again = await start(server, ports, "restart");
  assert.equal((await send(ports.secure, server.root)).status, 200);
  assert.equal(server.orders.length, 1);
  assert.equal(server.accounts.size, 1);
  assert.deepEqual(server.mistakes, []);
  assert.doesNotMatch(again.stderr(), /"level":"error"/);
});

test("a short-lived certificate is renewed under load without a lost request", async () => {
  const ports = await findPorts();
  // Renewed with a third of it left: some four seconds after it was issued.
  await using server = await openServer(ports, { lifeMs: 6_000 });
  await using heddle = await start(server, ports, "renewal");
  await becomesReason(heddle, "Issued");
  const serials = new Set<string>();
  let requests = 0;
  const deadline = performance.now() + 30_000;
  while (serials.size < 3) {
    assert.ok(performance.now() < deadline, `${serials.size} certificates in 30 s`);
    const answers = await Promise.all([1, 2, 3].map(() => send(ports.secure, server.root)));
    for (const { status, serial } of answers) {
      assert.equal(status, 200);
      serials.add(serial);
      requests++;
    }
  }
  assert.ok(requests > 20, `${requests} requests`);
  assert.deepEqual(server.mistakes, []);
});

test("a refused order is told in the status, with the CA's words and the next try; nothing is served meanwhile", async () => {
  const ports = await findPorts();
  await using server = await openServer(ports);
  server.refusedNames.set("a.test", "the CAA record forbids it");
  await using heddle = await start(server, ports, "refused");
  await becomesReason(heddle, "OrderFailed");
  const { status, message } = await conditionOf(heddle, certificate);
  assert.equal(status, "False");
  assert.match(
    message,
    /a\.test: tls-alpn-01: unauthorized: the CAA record forbids it; it is tried again at \d{4}-/,
  );
  const programmed = await conditionOf(heddle, "Programmed");
  assert.equal(`${programmed.status} ${programmed.reason}`, "False Pending");
  await assert.rejects(send(ports.secure, server.root));
  // Plain HTTP is served all the while.
  const plain = await fetch(`http://127.0.0.1:${ports.http}/`);
  assert.equal(plain.status, 200);
  await plain.body?.cancel();
});
