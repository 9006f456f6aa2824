import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { after, before, describe, test } from "node:test";
import {
  makeCertificateAuthority,
  openEchoServer,
  startHeddle,
  type Echo,
  type EchoServer,
  type RunningHeddle,
} from "@heddle/testkit";
import { Client } from "undici";
import { backend, certificate, gateway, route } from "../e2e/hostile/setup/resources.ts";
import { requireCommand, run } from "./command.ts";

const UPLOAD_BYTES = 1_000_000;

describe("clients of all kinds", () => {
  let folder: string;
  let echo: EchoServer;
  let heddle: RunningHeddle<"http" | "https">;
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "heddle-clients-"));
    echo = await openEchoServer();
    const authority = await makeCertificateAuthority();
    const leaf = await authority.issue({ names: ["localhost"] });
    writeFileSync(path.join(folder, "ca.pem"), authority.cert);
    writeFileSync(path.join(folder, "upload"), randomBytes(UPLOAD_BYTES));
    heddle = await startHeddle({
      ports: ["http", "https"],
      files: (ports) => ({
        "site.yaml": [
          gateway({ port: ports.http }),
          gateway({ gateway: "secure", port: ports.https, certificate: "leaf" }),
          certificate("leaf", leaf),
          backend("echo", echo.port),
          route({ name: "all", backend: "echo" }),
          route({ name: "all-secure", gateway: "secure", backend: "echo" }),
        ].join(""),
      }),
      args: ["--workers", "2"],
    });
  });
  after(async () => {
    await heddle?.stop();
    await echo?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const curl = async (...args: string[]) => {
    requireCommand("curl", "curl");
    const { status, output } = await run("curl", ["-sS", "--max-time", "20", ...args]);
    assert.equal(status, 0, output);
    return JSON.parse(output) as Echo;
  };

  for (const version of ["--http1.0", "--http1.1"]) {
    test(`curl ${version}`, async () => {
      assert.equal((await curl(version, `${heddle.urls.http}/x`)).url, "/x");
    });
  }

  test("curl uploads with a length, chunked, and with Expect", async () => {
    const upload = path.join(folder, "upload");
    for (const args of [
      ["-H", "Expect:"],
      ["-H", "Transfer-Encoding: chunked"],
      ["-H", "Expect: 100-continue", "--expect100-timeout", "60"],
    ]) {
      const from = performance.now();
      const seen = await curl(...args, "-T", upload, `${heddle.urls.http}/up`);
      assert.deepEqual([seen.method, seen.bodyLength], ["PUT", UPLOAD_BYTES]);
      assert.ok(performance.now() - from < 30_000, "100 came, and was not waited for in vain");
    }
  });

  test("openssl s_client: TLS 1.2 and 1.3, but not 1.1", async () => {
    requireCommand("openssl", "openssl");
    const handshake = (version: string) =>
      run(
        "openssl",
        [
          "s_client",
          "-connect",
          `127.0.0.1:${heddle.ports.https}`,
          "-servername",
          "localhost",
          `-${version}`,
          "-ign_eof",
        ].concat(["-CAfile", path.join(folder, "ca.pem"), "-cipher", "DEFAULT@SECLEVEL=0"]),
        "GET /tls HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
      );
    for (const version of ["tls1_2", "tls1_3"]) {
      const { output } = await handshake(version);
      assert.match(output, /Verify return code: 0 \(ok\)/, version);
      assert.match(output, /HTTP\/1\.1 200 OK/, version);
    }
    const { status, output } = await handshake("tls1_1");
    assert.notEqual(status, 0);
    assert.match(output, /alert protocol version|unsupported protocol|no protocols available/);
  });

  test("wrk: no error and no other status than 200", async () => {
    requireCommand("wrk", "wrk");
    const { output } = await run("wrk", ["-t1", "-c16", "-d2s", `${heddle.urls.http}/wrk`]);
    assert.match(output, /\d+ requests in/, output);
    assert.doesNotMatch(output, /Socket errors|Non-2xx/, output);
  });

  test("hey: every response is 200", async () => {
    requireCommand("hey", "hey");
    const { output } = await run("hey", ["-n", "1000", "-c", "10", `${heddle.urls.http}/hey`]);
    assert.match(output, /\[200\]\s+1000 responses/, output);
    assert.doesNotMatch(output, /Error distribution/, output);
  });

  for (const [mode, flag] of [
    ["slow headers", "-H"],
    ["slow bodies", "-B"],
    ["slow reads", "-X"],
  ] as const) {
    test(`slowhttptest, ${mode}: the service stays available`, async () => {
      requireCommand("slowhttptest", "slowhttptest");
      const { output } = await run("slowhttptest", [
        flag,
        ..."-c 100 -r 100 -i 1 -l 4 -p 2 -u".split(" "),
        `${heddle.urls.http}/slow`,
      ]);
      const plain = output.replaceAll(/\x1b\[[0-9;]*m/g, ""); // oxlint-disable-line no-control-regex -- colours
      assert.match(plain, /service available:\s+YES/, plain);
      assert.doesNotMatch(plain, /service available:\s+NO/, plain);
    });
  }

  test("undici: pipelined requests and a streamed body", async () => {
    const client = new Client(heddle.urls.http, { pipelining: 5 });
    try {
      const ask = async (at: number) => {
        const { body } = await client.request({ method: "GET", path: `/u${at}` });
        return ((await body.json()) as Echo).url;
      };
      const numbers = Array.from({ length: 50 }, (_, at) => at);
      assert.deepEqual(
        await Promise.all(numbers.map(ask)),
        numbers.map((at) => `/u${at}`),
      );
      async function* chunks() {
        for (let n = 0; n < 100; n++) yield Buffer.alloc(1_000, "x");
      }
      const { body } = await client.request({
        method: "POST",
        path: "/stream",
        body: Readable.from(chunks()),
      });
      assert.equal(((await body.json()) as Echo).bodyLength, 100_000);
    } finally {
      await client.close();
    }
  });

  test("node:http: an agent keeps one connection for many requests, and trailers arrive", async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    const ask = () =>
      new Promise<Echo>((resolve, reject) => {
        const headers = { trailer: "x-sum", "transfer-encoding": "chunked" };
        const request = http.request(heddle.urls.http, { agent, method: "POST", headers }, (response) => {
          ports.add(response.socket.localPort);
          let text = "";
          response.on("data", (part: Buffer) => (text += part.toString()));
          response.on("end", () => resolve(JSON.parse(text) as Echo));
        });
        request.on("error", reject);
        request.write("hello");
        request.addTrailers({ "x-sum": "42" });
        request.end();
      });
    try {
      for (let n = 0; n < 20; n++) {
        const seen = await ask();
        assert.deepEqual(
          seen.trailers.map(([name, value]) => [name.toLowerCase(), value]),
          [["x-sum", "42"]],
        );
      }
      assert.equal(ports.size, 1);
    } finally {
      agent.destroy();
    }
  });

  const kubectl = (words: string) => {
    requireCommand("kubectl", "kubernetes-client");
    return run("kubectl", [
      `--server=${heddle.api}`,
      `--cache-dir=${path.join(folder, "kube")}`,
      "--kubeconfig=/dev/null",
      ...words.split(" "),
    ]);
  };

  test("kubectl reads routes with their status", async () => {
    const { status, output } = await kubectl("get httproutes.gateway.networking.k8s.io all -o json");
    assert.equal(status, 0, output);
    const found = JSON.parse(output) as { metadata: { name: string }; status: { parents: unknown[] } };
    assert.deepEqual([found.metadata.name, found.status.parents.length], ["all", 1]);
  });

  test("kubectl finds and watches the Service of a Gateway, and is told who owns it", async () => {
    const label = "gateway.networking.k8s.io/gateway-name=secure";
    const listed = await kubectl(`get services -A -l ${label}`);
    assert.match(
      listed.output,
      new RegExp(`default +secure-heddle +LoadBalancer +:: +${heddle.ports.https}/TCP`),
    );
    const watched = await kubectl(`get services -w -l ${label} -o name --request-timeout=1s`);
    assert.match(watched.output, /^service\/secure-heddle$/m);
    const deleted = await kubectl("delete service secure-heddle");
    assert.equal(deleted.status, 1);
    assert.match(deleted.output, /\(Forbidden\)|forbidden: it is generated for Gateway default\/secure/);
  });
});
