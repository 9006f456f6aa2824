import assert from "node:assert/strict";
import dgram from "node:dgram";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import tls from "node:tls";
import { findFreePorts, listenOnFreePort, makeCertificateAuthority } from "@heddle/testkit";
import { type Fabric, openFabric } from "../conformance/fabric.ts";
import { endpoint, gateway, type Manifest, service, tlsSecret, to } from "../conformance/manifests.ts";
import { requireCommand, run, startServer } from "./command.ts";

const ADDRESS = "192.0.2.53";

describe("clients of TCP, TLS and UDP routes", () => {
  const stack = new AsyncDisposableStack();
  let fabric: Fabric<"redis" | "postgres" | "tls" | "dns">;
  let ca: string;

  before(async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "heddle-streams-"));
    // The database runs as a user of its own and has to reach its folder.
    chmodSync(folder, 0o755);
    stack.defer(() => rmSync(folder, { recursive: true, force: true }));
    const authority = await makeCertificateAuthority();
    ca = path.join(folder, "ca.pem");
    writeFileSync(ca, authority.cert);
    const opened = await authority.issue({ names: ["redis.example.org"] });
    const passed = await authority.issue({ names: ["pass.example.org"] });

    const secure = tls.createServer(passed, (socket) => {
      socket.on("error", () => {});
      socket.once("data", (said) => socket.end(`inside heard ${said.toString()}`));
    });
    stack.defer(() => void secure.close());
    const inside = await listenOnFreePort(secure);
    const [redis, postgres] = (await findFreePorts(2)) as [number, number];
    stack.use(await startRedis(redis, folder));
    stack.use(await startPostgres(postgres, path.join(folder, "postgres")));
    const dns = dgram.createSocket("udp4");
    stack.defer(() => void dns.close());
    dns.on("message", (query, from) => dns.send(answerOf(query), from.port, from.address));
    dns.bind(0, "127.0.0.1");
    await once(dns, "listening");

    const behind = (name: string, port: number) => [
      service(`infra/${name}`, { appProtocol: "example.com/own" }),
      endpoint(`infra/${name}`, port),
    ];
    const dnsPort = dns.address().port;
    fabric = await openFabric({
      ports: ["redis", "postgres", "tls", "dns"],
      services: [],
      args: ["--drain", "1"],
      resources: (ports) => [
        tlsSecret("infra/opened", opened),
        ...behind("redis", redis),
        ...behind("postgres", postgres),
        ...behind("inside", inside),
        service("infra/dns", { protocol: "UDP" }),
        { ...endpoint("infra/dns", dnsPort), ports: [{ name: "http", port: dnsPort, protocol: "UDP" }] },
        gateway("infra/streams", [
          { name: "redis", port: ports.redis, protocol: "TCP" },
          { name: "postgres", port: ports.postgres, protocol: "TCP" },
          { name: "dns", port: ports.dns, protocol: "UDP" },
          {
            name: "open",
            port: ports.tls,
            protocol: "TLS",
            hostname: "redis.example.org",
            tls: { mode: "Terminate", certificateRefs: [{ name: "opened" }] },
          },
          {
            name: "pass",
            port: ports.tls,
            protocol: "TLS",
            hostname: "pass.example.org",
            tls: { mode: "Passthrough" },
          },
        ]),
        streamRoute("TCPRoute", "redis", "redis"),
        streamRoute("TCPRoute", "postgres", "postgres"),
        streamRoute("UDPRoute", "dns", "dns"),
        streamRoute("TLSRoute", "open", "redis", ["redis.example.org"]),
        streamRoute("TLSRoute", "pass", "inside", ["pass.example.org"]),
      ],
    });
    stack.use(fabric);
  });
  after(() => stack.disposeAsync());

  test("psql: a large result and a failed statement over a TCPRoute", async () => {
    requireCommand("psql", "postgresql");
    const psql = (statement: string) =>
      run("psql", [
        "-X",
        "-At",
        "-c",
        statement,
        `host=127.0.0.1 port=${fabric.ports.postgres} user=postgres`,
      ]);
    const many = await psql("select repeat('x', 100) || n from generate_series(1, 20000) n");
    assert.equal(many.status, 0, many.output.slice(0, 500));
    const lines = many.output.trimEnd().split("\n");
    assert.deepEqual([lines.length, lines.at(-1)], [20_000, `${"x".repeat(100)}20000`]);
    const failed = await psql("select 1 / 0");
    assert.equal(failed.status, 1);
    assert.match(failed.output, /division by zero/);
  });

  test("redis-cli: over a TCPRoute, and over a TLSRoute that opens TLS", async () => {
    requireCommand("redis-cli", "redis-tools");
    const cli = async (port: number, ...args: string[]) =>
      (await run("redis-cli", ["-h", "127.0.0.1", "-p", `${port}`, ...args])).output.trim();
    assert.equal(await cli(fabric.ports.redis, "set", "colour", "indigo"), "OK");
    const secure = ["--tls", "--cacert", ca, "--sni", "redis.example.org"];
    assert.equal(await cli(fabric.ports.tls, ...secure, "get", "colour"), "indigo");
    const other = await cli(fabric.ports.tls, "--tls", "--cacert", ca, "--sni", "other.example.org", "ping");
    assert.match(other, /Could not connect/);
  });

  test("openssl s_client: a TLSRoute passes TLS on unopened", async () => {
    requireCommand("openssl", "openssl");
    const { output } = await run(
      "openssl",
      ["s_client", "-connect", `127.0.0.1:${fabric.ports.tls}`, "-servername", "pass.example.org"].concat([
        "-verify_hostname",
        "pass.example.org",
        "-CAfile",
        ca,
        "-ign_eof",
      ]),
      "hello\n",
    );
    assert.match(output, /Verify return code: 0 \(ok\)/);
    assert.match(output, /inside heard hello/);
  });

  test("dig: a query over a UDPRoute", async () => {
    requireCommand("dig", "dnsutils");
    const args = "+short +tries=1 +time=5 +noedns shop.example.org A".split(" ");
    const { status, output } = await run("dig", ["@127.0.0.1", "-p", `${fabric.ports.dns}`, ...args]);
    assert.deepEqual([status, output.trim()], [0, ADDRESS]);
  });
});

function streamRoute(kind: string, name: string, backend: string, hostnames?: readonly string[]): Manifest {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind,
    metadata: { namespace: "infra", name },
    spec: {
      parentRefs: [{ name: "streams", sectionName: name }],
      ...(hostnames && { hostnames }),
      rules: [{ backendRefs: [to(backend)] }],
    },
  };
}

/** The answer to a query of one question without EDNS: one A record, named by a pointer (RFC 1035, section 4.1). */
function answerOf(query: Buffer): Buffer {
  const record = Buffer.from("c00c000100010000003c0004", "hex");
  const answer = Buffer.concat([query, record, Buffer.from(ADDRESS.split(".").map(Number))]);
  answer.writeUInt16BE(0x8180, 2);
  answer.writeUInt16BE(1, 6);
  return answer;
}

async function startRedis(port: number, folder: string): Promise<AsyncDisposable> {
  requireCommand("redis-server", "redis-server");
  const args = ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", folder, "--save", ""];
  return startServer("redis-server", args, port);
}

/** A cluster of its own. PostgreSQL refuses to run as root, so that root lends it the user of Debian's package. */
async function startPostgres(port: number, folder: string): Promise<AsyncDisposable> {
  requireCommand("psql", "postgresql");
  const versions = "/usr/lib/postgresql";
  const programs = path.join(versions, readdirSync(versions).toSorted().at(-1)!, "bin");
  const isRoot = process.getuid?.() === 0;
  const command = isRoot ? "setpriv" : "env";
  const as = isRoot ? ["--reuid=postgres", "--regid=postgres", "--clear-groups"] : [];
  mkdirSync(folder);
  if (isRoot) {
    const id = async (flag: string) => Number((await run("id", [flag, "postgres"])).output);
    chownSync(folder, await id("-u"), await id("-g"));
  }
  const data = path.join(folder, "data");
  const how = "-U postgres -A trust -E UTF8 --locale=C --no-sync".split(" ");
  const made = await run(command, [...as, path.join(programs, "initdb"), "-D", data, ...how]);
  assert.equal(made.status, 0, made.output);
  const args = ["-D", data, "-p", `${port}`, "-k", folder, "-h", "127.0.0.1", "-F"];
  return startServer(command, [...as, path.join(programs, "postgres"), ...args], port);
}
