import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { makeCertificateAuthority, openEchoServer, type EchoServer } from "@heddle/testkit";
import type { TestCertificateAuthority } from "@heddle/testkit";
import { eventually, type Fabric, openFabric, type ReadCondition, told, toldOfRoute } from "./fabric.ts";
import { endpoint, gateway, httpListener, type Manifest, prefix, route, rule, service } from "./manifests.ts";

type Spec = Record<string, unknown>;

let fabric: Fabric<"http">;
let authority: TestCertificateAuthority;
let stranger: TestCertificateAuthority;
const servers: EchoServer[] = [];
/** Has the roots that this machine trusts, as OpenSSL's environment says. */
const systemFolder = mkdtempSync(path.join(tmpdir(), "heddle-roots-"));
const serverNames: string[] = [];

const spiffe = "spiffe://abc.example.com/test-identity";

before(async () => {
  authority = await makeCertificateAuthority();
  stranger = await makeCertificateAuthority("Stranger");
  const system = await makeCertificateAuthority("System");
  writeFileSync(path.join(systemFolder, "roots.pem"), system.cert);
  const good = await openSecure("good", ["abc.example.com", spiffe]);
  const known = await openSecure("known", ["abc.example.com"], "current", system);
  const expired = await openSecure("expired", ["abc.example.com"], "expired");
  const plain = await openEchoServer({ name: "plain" });
  servers.push(plain);
  fabric = await openFabric({
    ports: ["http"],
    env: {
      SSL_CERT_FILE: path.join(systemFolder, "roots.pem"),
      SSL_CERT_DIR: systemFolder,
      NODE_EXTRA_CA_CERTS: "",
    },
    resources: ({ http }) => [
      gateway("infra/edge", [httpListener("http", http)]),
      configMap("infra/roots", authority.cert),
      configMap("infra/strangers", stranger.cert),
      configMap("infra/malformed", "not a certificate"),
      secret("infra/roots-secret", authority.cert),
      ...served("plain-behind", plain, policy("plain-behind", {})),
      ...served("expired", expired, policy("expired", {})),
      ...served("wrong-name", good, policy("wrong-name", { hostname: "other.example.com" })),
      ...served("wrong-root", good, policy("wrong-root", { caCertificateRefs: [ref("strangers")] })),
      ...served(
        "by-secret",
        good,
        policy("by-secret", { caCertificateRefs: [ref("roots-secret", "Secret")] }),
      ),
      ...served("nonexistent", good, policy("nonexistent", { caCertificateRefs: [ref("not-there")] })),
      ...served("malformed", good, policy("malformed", { caCertificateRefs: [ref("malformed")] })),
      ...served(
        "invalid-kind",
        good,
        policy("invalid-kind", { caCertificateRefs: [ref("roots", "Service")] }),
      ),
      ...served(
        "one-of-two",
        good,
        policy("one-of-two", { caCertificateRefs: [ref("not-there"), ref("roots")] }),
      ),
      ...served(
        "unknown-set",
        good,
        policy("unknown-set", { caCertificateRefs: undefined, wellKnownCACertificates: "example.com/set" }),
      ),
      ...served("system", known, policy("system", wellKnown)),
      ...served("not-of-system", good, policy("not-of-system", wellKnown)),
      ...served("bundle-alone", known, policy("bundle-alone", {})),
      ...served("broken", good, {
        ...policy("broken", {}),
        spec: { targetRefs: [target("broken")], validation: {} },
      }),
      ...served("good", good, policy("good", {})),
      ...servedOverHttps("https-port", "HTTPS", good),
      policy("https-port", {}),
      ...servedOverHttps("https-alone", "https", good),
      ...subjectAltNames(good),
      ...conflicts(good),
    ],
  });
});

after(async () => {
  await fabric[Symbol.asyncDispose]();
  await Promise.all(servers.map((server) => server.close()));
  rmSync(systemFolder, { recursive: true, force: true });
});

async function openSecure(
  name: string,
  names: string[],
  validity: "current" | "expired" = "current",
  issuer: TestCertificateAuthority = authority,
) {
  const { cert, key } = await issuer.issue({ names, validity });
  const SNICallback = (serverName: string, done: (error: null) => void) => {
    serverNames.push(serverName);
    done(null);
  };
  const server = await openEchoServer({ name, tls: { cert, key, SNICallback } });
  servers.push(server);
  return server;
}

function configMap(name: string, pem: string): Manifest {
  const [namespace, own] = name.split("/");
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace, name: own }, data: { "ca.crt": pem } };
}

function secret(name: string, pem: string): Manifest {
  const [namespace, own] = name.split("/");
  const data = { "ca.crt": Buffer.from(pem).toString("base64") };
  return { apiVersion: "v1", kind: "Secret", metadata: { namespace, name: own }, type: "Opaque", data };
}

const ref = (name: string, kind: string = "ConfigMap"): Spec => ({ group: "", kind, name });
const target = (name: string, more: Spec = {}): Spec => ({ group: "", kind: "Service", name, ...more });

/** In place of a bundle. */
const wellKnown: Spec = { caCertificateRefs: undefined, wellKnownCACertificates: "System" };

/** A policy for the Service of its name, with the name and root that are right but for `validation`. */
function policy(
  name: string,
  validation: Spec,
  targets: Spec[] = [target(name)],
  created?: string,
): Manifest {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "BackendTLSPolicy",
    metadata: { namespace: "infra", name, ...(created !== undefined && { creationTimestamp: created }) },
    spec: {
      targetRefs: targets,
      validation: { hostname: "abc.example.com", caCertificateRefs: [ref("roots")], ...validation },
    },
  };
}

/** A Service in front of a server, the route to it by path, and what else there is. */
function served(name: string, server: EchoServer, ...more: Manifest[]): Manifest[] {
  return [
    service(`infra/${name}`),
    endpoint(`infra/${name}`, server.port),
    route(`infra/${name}`, "edge", [rule([prefix(`/${name}`)], name)]),
    ...more,
  ];
}

const servedOverHttps = (name: string, appProtocol: string, server: EchoServer): Manifest[] =>
  served(name, server).map((one) =>
    one.kind === "Service" ? service(`infra/${name}`, { appProtocol }) : one,
  );

const sans = {
  "san-dns": [["Hostname", "abc.example.com"]],
  "san-dns-wildcard": [["Hostname", "*.example.com"]],
  "san-dns-mismatch": [["Hostname", "other.example.com"]],
  "san-uri": [["URI", spiffe]],
  "san-uri-mismatch": [["URI", "spiffe://other.example.com/test-identity"]],
  "san-uri-longer": [["URI", `${spiffe}/more`]],
  "san-uri-other-case": [["URI", spiffe.toUpperCase()]],
  "san-dns-as-uri": [["URI", "dns://abc.example.com"]],
  "san-multiple": [
    ["Hostname", "other.example.com"],
    ["URI", spiffe],
  ],
  "san-multiple-mismatch": [
    ["Hostname", "other.example.com"],
    ["URI", "spiffe://other.example.com/test-identity"],
  ],
} as const;

/** The host name is the certificate's but for those that match by a URI: it is no authentication beside names. */
function subjectAltNames(server: EchoServer): Manifest[] {
  return Object.entries(sans).flatMap(([name, list]) => {
    const hostname = name.startsWith("san-uri") ? "sni.example.com" : "abc.example.com";
    const subjectAltNames = list.map(([type, value]) => ({
      type,
      [type === "URI" ? "uri" : "hostname"]: value,
    }));
    return served(name, server, policy(name, { hostname, subjectAltNames }));
  });
}

const wrong = { hostname: "other.example.com" };

function conflicts(server: EchoServer): Manifest[] {
  const of = (name: string, sectionName?: string) => [target(name, sectionName ? { sectionName } : {})];
  return [
    ...served("no-section", server),
    policy("no-section-2", {}, of("no-section")),
    policy("no-section-3", wrong, of("no-section")),
    ...served("same-section", server),
    policy("same-section-1", wrong, of("same-section", "http"), "2026-02-01T00:00:00Z"),
    policy("same-section-2", {}, of("same-section", "http"), "2026-01-01T00:00:00Z"),
    ...served("both", server),
    policy("both-1", wrong, of("both")),
    policy("both-2", {}, of("both", "http")),
  ];
}

const statusOf = async (name: string) => (await fabric.ask("http", `/${name}`)).status;

interface ReadPolicy {
  metadata: { generation: number };
  status: { ancestors: { ancestorRef: Spec; controllerName: string; conditions: ReadCondition[] }[] };
}

async function ancestorOf(name: string) {
  const { status, metadata } = await fabric.read<ReadPolicy>("backendtlspolicies", `infra/${name}`);
  assert.equal(status.ancestors.length, 1, name);
  const [{ ancestorRef, conditions }] = status.ancestors as [ReadPolicy["status"]["ancestors"][number]];
  const { kind, namespace, name: own } = ancestorRef;
  assert.deepEqual([kind, namespace, own], ["Gateway", "infra", "edge"]);
  for (const one of conditions) assert.equal(one.observedGeneration, metadata.generation);
  return conditions;
}

async function toldOf(name: string): Promise<string[]> {
  const conditions = await ancestorOf(name);
  return [told(conditions, "Accepted"), told(conditions, "ResolvedRefs")];
}

const accepted = "Accepted=True Accepted";
const resolved = "ResolvedRefs=True ResolvedRefs";

test("BackendTLSPolicy: requests reach the Service over TLS, with the policy's host name as SNI", async () => {
  serverNames.length = 0;
  const answer = await fabric.ask("http", "/good");
  assert.equal(answer.servedBy, "good");
  assert.deepEqual(serverNames, ["abc.example.com"]);
  assert.deepEqual(await toldOf("good"), [accepted, resolved]);
  assert.equal((await fabric.ask("http", "/by-secret")).servedBy, "good");
});

test("BackendTLSPolicyPortOfHTTPS: a port that says it speaks HTTPS takes a policy", async () => {
  assert.equal((await fabric.ask("http", "/https-port")).servedBy, "good");
  assert.deepEqual(await toldOf("https-port"), [accepted, resolved]);
  const route = await fabric.read("httproutes", "infra/https-port");
  assert.equal(toldOfRoute(route, "ResolvedRefs"), resolved);
  const alone = await fabric.read("httproutes", "infra/https-alone");
  assert.equal(toldOfRoute(alone, "ResolvedRefs"), "ResolvedRefs=False UnsupportedProtocol");
  assert.equal(await statusOf("https-alone"), 500);
});

test("BackendTLSPolicyNotVerified: a certificate that does not verify is an HTTP error, and no request is sent", async () => {
  const before = servers.map(({ requestCount }) => requestCount);
  for (const name of ["wrong-name", "wrong-root", "expired", "plain-behind"]) {
    const { status, body } = await fabric.ask("http", `/${name}`);
    assert.equal(status, 502, name);
    assert.match(body, /HDL_UPSTREAM_TLS_FAILED/, name);
    assert.deepEqual(await toldOf(name), [accepted, resolved], name);
  }
  assert.deepEqual(
    servers.map(({ requestCount }) => requestCount),
    before,
  );
});

test("BackendTLSPolicyInvalidCACertificateRef: without a good bundle requests are answered with an error", async () => {
  for (const name of ["nonexistent", "malformed"]) {
    assert.deepEqual(await toldOf(name), [
      "Accepted=False NoValidCACertificate",
      "ResolvedRefs=False InvalidCACertificateRef",
    ]);
    assert.equal(await statusOf(name), 502, name);
  }
  assert.deepEqual(await toldOf("one-of-two"), [accepted, "ResolvedRefs=False InvalidCACertificateRef"]);
  assert.equal(await statusOf("one-of-two"), 200);
});

test("BackendTLSPolicyInvalidKind: a bundle of another kind is none", async () => {
  assert.deepEqual(await toldOf("invalid-kind"), [
    "Accepted=False NoValidCACertificate",
    "ResolvedRefs=False InvalidKind",
  ]);
  assert.equal(await statusOf("invalid-kind"), 502);
});

test("BackendTLSPolicyWellKnownCACertificates: a set that is not known lets nothing through", async () => {
  assert.deepEqual(await toldOf("unknown-set"), ["Accepted=False Invalid", resolved]);
  assert.equal(await statusOf("unknown-set"), 502);
});

test("BackendTLSPolicyWellKnownCACertificates: System is what this machine trusts, and nothing beside it", async () => {
  for (const name of ["system", "not-of-system", "bundle-alone"])
    assert.deepEqual(await toldOf(name), [accepted, resolved], name);
  assert.equal(await statusOf("system"), 200);
  assert.equal(await statusOf("not-of-system"), 502);
  assert.equal(await statusOf("bundle-alone"), 502);
});

test("BackendTLSPolicyWithErrors: what it protects is not reached in the clear", async () => {
  assert.equal(await statusOf("broken"), 502);
});

test("BackendTLSPolicySANValidation: the certificate has one of the names, and the host name is SNI alone", async () => {
  for (const name of Object.keys(sans)) {
    assert.deepEqual(await toldOf(name), [accepted, resolved], name);
    const isGood = ["san-dns", "san-dns-wildcard", "san-uri", "san-multiple"].includes(name);
    // The URI is compared letter by letter.
    assert.equal(await statusOf(name), isGood ? 200 : 502, name);
  }
  serverNames.length = 0;
  await fabric.ask("http", "/san-uri-longer");
  assert.ok(serverNames.length > 0 && serverNames.every((name) => name === "sni.example.com"));
});

test("BackendTLSPolicyConflictResolution: the older one is in force, then the lower name; a port's own goes first", async () => {
  const conflicted = "Accepted=False Conflicted";
  assert.equal((await toldOf("no-section-2"))[0], accepted);
  assert.equal((await toldOf("no-section-3"))[0], conflicted);
  assert.equal(await statusOf("no-section"), 200);
  assert.equal((await toldOf("same-section-1"))[0], conflicted);
  assert.equal((await toldOf("same-section-2"))[0], accepted);
  assert.equal(await statusOf("same-section"), 200);
  assert.equal((await toldOf("both-1"))[0], accepted);
  assert.equal((await toldOf("both-2"))[0], accepted);
  assert.equal(await statusOf("both"), 200);
});

test("BackendTLSPolicyObservedGenerationBump: a changed bundle and a changed policy are followed", async () => {
  fabric.put("late-roots", [configMap("infra/late", authority.cert)]);
  fabric.put("late-policy", [
    service("infra/late"),
    endpoint("infra/late", servers[0]!.port),
    route("infra/late", "edge", [rule([prefix("/late")], "late")]),
    policy("late", { caCertificateRefs: [ref("late")] }),
  ]);
  await eventually(async () => assert.equal(await statusOf("late"), 200));
  assert.deepEqual(await toldOf("late"), [accepted, resolved]);
  fabric.put("late-roots", [configMap("infra/late", stranger.cert)]);
  await eventually(async () => assert.equal(await statusOf("late"), 502));
  fabric.put("late-roots", [configMap("infra/late", authority.cert)]);
  await eventually(async () => assert.equal(await statusOf("late"), 200));
});
