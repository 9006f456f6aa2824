import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import https from "node:https";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import {
  becomesTrue,
  makeCertificateAuthority,
  openEchoServer,
  startHeddle,
  type IssuedCertificate,
} from "@heddle/testkit";

type Document = Record<string, unknown>;

const launcher = path.join(import.meta.dirname, "../../packages/heddle/bin/heddle.js");

const policy = (name: string, authorization: Document): Document => ({
  apiVersion: "heddle.dev/v1alpha1",
  kind: "AccessPolicy",
  metadata: { name },
  spec: { targetRefs: [{ kind: "HTTPRoute", name: "echo", sectionName: name }], authorization },
});

function documents(port: number, backend: number, roots: string, server: IssuedCertificate): Document[] {
  const gatewayGroup = "gateway.networking.k8s.io/v1";
  const rules = ["workload", "namespace", "name", "trial"].map((name) => ({
    name,
    matches: [{ path: { value: `/${name}` } }],
    backendRefs: [{ group: "heddle.dev", kind: "Backend", name: "echo" }],
  }));
  const validation = {
    caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "roots" }],
    mode: "AllowInsecureFallback",
  };
  const tls = { certificateRefs: [{ name: "server" }] };
  return [
    {
      apiVersion: gatewayGroup,
      kind: "Gateway",
      metadata: { name: "edge" },
      spec: {
        gatewayClassName: "heddle",
        listeners: [{ name: "https", protocol: "HTTPS", port, tls }],
        tls: { frontend: { default: { validation } } },
      },
    },
    {
      apiVersion: gatewayGroup,
      kind: "HTTPRoute",
      metadata: { name: "echo" },
      spec: { parentRefs: [{ name: "edge" }], rules },
    },
    {
      apiVersion: "heddle.dev/v1alpha1",
      kind: "Backend",
      metadata: { name: "echo" },
      spec: { url: `http://127.0.0.1:${backend}` },
    },
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "roots" }, data: { "ca.crt": roots } },
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "server" },
      type: "kubernetes.io/tls",
      stringData: { "tls.crt": server.cert, "tls.key": server.key },
    },
    policy("workload", {
      rules: [{ action: "Allow", source: { identities: ["spiffe://cluster.local/ns/shop/sa/orders"] } }],
    }),
    policy("namespace", { rules: [{ action: "Deny", source: { notNamespaces: ["shop"] } }] }),
    policy("name", { rules: [{ action: "Allow", serverNames: ["shop.example"] }] }),
    policy("trial", {
      mode: "DryRun",
      rules: [{ name: "nobody", action: "Deny", clientAddresses: ["127.0.0.0/8", "::1"] }],
    }),
  ];
}

test("workloads by their certificates, server names, and a dry run that is counted and logged", async () => {
  const authority = await makeCertificateAuthority();
  const other = await makeCertificateAuthority("Other Root");
  const server = await authority.issue({ names: ["shop.example", "other.example"] });
  const clientOf = (of: typeof authority, ...names: string[]) => of.issue({ names, use: "client" });
  const orders = await clientOf(authority, "spiffe://cluster.local/ns/shop/sa/orders");
  const bank = await clientOf(authority, "spiffe://cluster.local/ns/bank/sa/orders");
  const double = await clientOf(
    authority,
    "spiffe://cluster.local/ns/shop/sa/orders",
    "spiffe://cluster.local/ns/bank/sa/orders",
  );
  const forged = await clientOf(other, "spiffe://cluster.local/ns/shop/sa/orders");
  await using backend = await openEchoServer();
  await using heddle = await startHeddle({
    files: ({ http }) => ({
      "site.yaml": documents(http, backend.port, authority.cert, server)
        .map((one) => JSON.stringify(one))
        .join("\n---\n"),
    }),
    args: ["--workers", "2"],
  });
  const ask = (at: string, client: Partial<IssuedCertificate> = {}, servername = "shop.example") =>
    new Promise<number>((resolve, reject) => {
      const options = { port: heddle.ports.http, path: at, ca: authority.cert, servername, agent: false };
      const request = https.get({ ...options, ...client, headers: { host: servername } }, (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode!));
      });
      request.on("error", reject);
    });

  assert.equal(await ask("/workload", orders), 200);
  assert.equal(await ask("/namespace", orders), 200);
  for (const client of [bank, double, forged, {}]) {
    assert.equal(await ask("/workload", client), 403);
    assert.equal(await ask("/namespace", client), 403);
  }
  assert.equal(await ask("/name"), 200);
  assert.equal(await ask("/name", {}, "other.example"), 403);

  for (let i = 0; i < 10; i++) assert.equal(await ask("/trial?token=secret"), 200);
  const isLogged = () => /"rule":"nobody"/.test(heddle.stdout() + heddle.stderr());
  assert.ok(await becomesTrue(isLogged, 20_000), "the dry run is not logged");
  assert.doesNotMatch(heddle.stdout() + heddle.stderr(), /secret/);
  const metrics = await (await fetch(`${heddle.api}/metrics`)).text();
  assert.match(metrics, /heddle_filter_events_total\{filter="authorization",event="would-deny"\} 10/);

  const run = promisify(execFile);
  const url = `https://shop.example:${heddle.ports.http}/workload`;
  const { stdout } = await run(process.execPath, [
    launcher,
    "explain",
    "GET",
    url,
    "-f",
    heddle.configFolder,
  ]);
  assert.match(
    stdout,
    /allows \(0\) identity spiffe:\/\/cluster\.local\/ns\/shop\/sa\/orders; denies the rest/,
  );
});
