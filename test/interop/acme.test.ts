import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import {
  becomesTrue,
  findFreePorts,
  openEchoServer,
  startHeddle,
  type EchoServer,
  type RunningHeddle,
} from "@heddle/testkit";
import { requireCommand, run } from "./command.ts";
import { startPebble, type Pebble } from "./pebble.ts";

const name = "shop.example";
let echo: EchoServer;
let state: string;
before(async () => {
  requireCommand("curl", "curl");
  echo = await openEchoServer();
  state = mkdtempSync(path.join(tmpdir(), "heddle-acme-interop-"));
});
after(async () => {
  await echo.close();
  rmSync(state, { recursive: true, force: true });
});

interface Setup {
  readonly http: number;
  readonly https: number;
  readonly pebble: Pebble;
  readonly challenge: "http-01" | "tls-alpn-01";
  readonly more?: string;
}

const indented = (text: string): string => text.trim().replaceAll("\n", "\n    ");

/** All of HTTP is redirected, as on most machines: the challenge must pass that by. */
const resources = ({ http, https, pebble, challenge, more = "" }: Setup): string => `apiVersion: v1
kind: ConfigMap
metadata: { name: pebble-ca }
data:
  ca.crt: |
    ${indented(pebble.directoryCa)}
---
apiVersion: v1
kind: Secret
metadata: { name: eab }
stringData: { hmac-key: ${eabKey} }
---
apiVersion: heddle.dev/v1alpha1
kind: AcmeIssuer
metadata: { name: pebble }
spec:
  directory: ${pebble.directory}
  termsOfServiceAgreed: true
  emails: [ops@${name}]
  caCertificateRefs: [{ name: pebble-ca }]
  challenges: [${challenge}]
  ${more}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: heddle
  listeners:
    - { name: http, protocol: HTTP, port: ${http} }
    - name: https
      protocol: HTTPS
      port: ${https}
      hostname: "*.example"
      tls: { options: { heddle.dev/acme-issuer: pebble, heddle.dev/acme-hostnames: "${name}, www.${name}" } }
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
  parentRefs: [{ name: edge, sectionName: https }]
  rules: [{ backendRefs: [{ group: heddle.dev, kind: Backend, name: echo }] }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: redirect }
spec:
  parentRefs: [{ name: edge, sectionName: http }]
  rules: [{ filters: [{ type: RequestRedirect, requestRedirect: { scheme: https } }] }]
`;

const eabKey = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";

const start = (setup: Setup, folder: string): Promise<RunningHeddle> =>
  startHeddle({
    files: () => ({ "edge.yaml": resources(setup) }),
    args: ["--state", folder, "--workers", "2"],
  });

async function awaitCertificate(heddle: RunningHeddle): Promise<void> {
  let seen = "";
  const isIssued = async (): Promise<boolean> => {
    const url = `${heddle.api}/apis/gateway.networking.k8s.io/v1/namespaces/default/gateways/edge`;
    seen = await (await fetch(url)).text();
    return seen.includes('"reason":"Issued"');
  };
  assert.ok(await becomesTrue(isIssued, 60_000), `${seen}\n${heddle.stderr()}`);
}

/** curl with nothing but the CA's root, to which the old certificate of another run would be a stranger's. */
async function curl(root: string, host: string, { https }: Setup): Promise<string> {
  const file = path.join(state, "root.pem");
  writeFileSync(file, root);
  const args = ["-sS", "--max-time", "10", "--cacert", file, "--resolve", `${host}:${https}:127.0.0.1`];
  const { output } = await run("curl", [
    ...args,
    "-o",
    "/dev/null",
    "-w",
    "%{http_code}",
    `https://${host}:${https}/`,
  ]);
  return output;
}

for (const challenge of ["http-01", "tls-alpn-01"] as const) {
  test(`a certificate of Pebble by ${challenge}, for curl with the CA's root; a restart orders nothing`, async () => {
    const folder = path.join(state, challenge);
    const [http, https] = (await findFreePorts(2)) as [number, number];
    await using pebble = await startPebble({ httpPort: http, tlsPort: https });
    const setup = { http, https, pebble, challenge };
    const root = await pebble.issuingRoot();
    {
      await using heddle = await start(setup, folder);
      await awaitCertificate(heddle);
      for (const host of [name, `www.${name}`]) assert.equal(await curl(root, host, setup), "200", host);
      assert.doesNotMatch(heddle.stderr(), /"level":"error"/);
    }
    await using again = await start(setup, folder);
    assert.equal(await curl(root, name, setup), "200");
    assert.doesNotMatch(again.stderr(), /issued|account/);
  });
}

test("an account that Pebble binds to one of its customers'", async () => {
  const folder = path.join(state, "eab");
  const [http, https] = (await findFreePorts(2)) as [number, number];
  await using pebble = await startPebble({
    httpPort: http,
    tlsPort: https,
    externalAccounts: { "kid-1": eabKey },
  });
  const more = `externalAccountBinding: { keyId: kid-1, secretRef: { name: eab } }`;
  const setup = { http, https, pebble, challenge: "http-01" as const, more };
  await using heddle = await start(setup, folder);
  await awaitCertificate(heddle);
  assert.equal(await curl(await pebble.issuingRoot(), name, setup), "200");
  // The account's key and the HMAC key are told to nobody.
  assert.ok(!heddle.stderr().includes(eabKey) && !heddle.stderr().includes("PRIVATE KEY"));
  assert.ok(!readFileSync(path.join(folder, "token"), "utf8").includes("PRIVATE"));
});
