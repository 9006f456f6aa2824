import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import {
  connectHttp2,
  makeCertificateAuthority,
  openEchoServer,
  openHttp2Server,
  startHeddle,
  type Echo,
  type EchoServer,
  type Http2Server,
  type RunningHeddle,
} from "@heddle/testkit";
import { Agent, request } from "undici";
import { backend, certificate, gateway, route } from "../e2e/hostile/setup/resources.ts";
import { requireCommand, run } from "./command.ts";

const UPLOAD_BYTES = 3_000_000;
const REQUESTS = 2_000;

describe("HTTP/2 with clients of all kinds", () => {
  let folder: string;
  let old: EchoServer;
  let modern: Http2Server;
  let heddle: RunningHeddle<"http" | "https">;
  let upload: Buffer;
  let ca: string;

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "heddle-http2-"));
    old = await openEchoServer();
    modern = await openHttp2Server((stream, headers) => {
      const hash = createHash("sha256");
      let bodyLength = 0;
      stream.on("data", (chunk: Buffer) => {
        hash.update(chunk);
        bodyLength += chunk.length;
      });
      stream.on("end", () => {
        stream.respond({ ":status": 200, "content-type": "application/json" });
        stream.end(
          JSON.stringify({
            httpVersion: "2.0",
            url: headers[":path"],
            bodyLength,
            bodySha256: hash.digest("hex"),
          }),
        );
      });
    });
    const authority = await makeCertificateAuthority();
    ca = authority.cert;
    const leaf = await authority.issue({ names: ["localhost"] });
    upload = randomBytes(UPLOAD_BYTES);
    writeFileSync(path.join(folder, "ca.pem"), ca);
    writeFileSync(path.join(folder, "upload"), upload);
    heddle = await startHeddle({
      ports: ["http", "https"],
      files: (ports) => ({
        "site.yaml": [
          gateway({ port: ports.http }),
          gateway({ gateway: "secure", port: ports.https, certificate: "leaf" }),
          certificate("leaf", leaf),
          backend("old", old.port),
          backend("modern", modern.port).replace('" }', '", protocol: HTTP2 }'),
          ...["edge", "secure"].flatMap((name) => [
            route({ name: `old-${name}`, gateway: name, backend: "old" }),
            route({
              name: `modern-${name}`,
              gateway: name,
              backend: "modern",
              matches: ["{ path: { value: /modern } }"],
            }),
          ]),
        ].join(""),
      }),
      args: ["--workers", "2"],
    });
  });

  after(async () => {
    await heddle?.stop();
    await old?.close();
    await modern?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Every way to say HTTP, to a backend of either version. */
  const ways: { name: string; args: string[]; version: string; port: "http" | "https" }[] = [
    { name: "--http2-prior-knowledge", args: ["--http2-prior-knowledge"], version: "2", port: "http" },
    { name: "--http2 over TLS", args: ["--http2"], version: "2", port: "https" },
    { name: "--http1.1 over TLS", args: ["--http1.1"], version: "1.1", port: "https" },
    { name: "--http2 in clear text (Upgrade: h2c)", args: ["--http2"], version: "1.1", port: "http" },
  ];
  for (const { name, args, version, port } of ways) {
    for (const [target, backendVersion] of [
      ["/x", "1.1"],
      ["/modern/x", "2.0"],
    ] as const) {
      test(`curl ${name} to a backend of HTTP/${backendVersion}: a page, and an upload`, async () => {
        requireCommand("curl", "curl");
        const url = `${port}://localhost:${heddle.ports[port]}${target}`.replace("https://", "https://");
        const common = ["-sS", "--max-time", "20", "--cacert", path.join(folder, "ca.pem"), ...args];
        for (const more of [
          [],
          ["-T", path.join(folder, "upload")],
          ["-T", path.join(folder, "upload"), "-H", "Expect: 100-continue"],
        ]) {
          const { status, output } = await run("curl", [...common, ...more, "-w", "\n%{http_version}", url]);
          assert.equal(status, 0, output);
          const [json = "", used] = output.split("\n");
          const echo = JSON.parse(json) as Echo;
          assert.equal(used, version);
          assert.equal(echo.httpVersion, backendVersion);
          if (more.length === 0) continue;
          assert.equal(echo.bodyLength, UPLOAD_BYTES);
          assert.equal(echo.bodySha256, createHash("sha256").update(upload).digest("hex"));
        }
      });
    }
  }

  test("nghttp: priorities, padding, a window of its own, and heads that take CONTINUATION", async () => {
    requireCommand("nghttp", "nghttp2-client");
    const ask = async (...args: string[]): Promise<string> => {
      const { status, output } = await run("nghttp", ["-nv", "-m", "10", ...args]);
      assert.equal(status, 0);
      assert.doesNotMatch(output, /RST_STREAM|GOAWAY frame <.*\n.*error_code=(?!NO_ERROR)/);
      return output;
    };
    for (const target of ["/x", "/modern/x"]) {
      const url = `${heddle.urls.http}${target}`;
      const output = await ask("--padding=64", "--window-bits=10", url);
      assert.equal(output.match(/recv \(stream_id=\d+\) :status: 200/g)?.length, 10);
    }
    // Heads of 18 kB, which Node's own server does not take.
    const output = await ask("--continuation", `${heddle.urls.http}/x`);
    assert.equal(output.match(/recv \(stream_id=\d+\) :status: 431/g)?.length, 10);
  });

  for (const [name, args, port] of [
    ["in clear text", [], "http"],
    ["over TLS", [], "https"],
  ] as const) {
    test(`h2load ${name}: every request of 16 connections with 10 streams is answered`, async () => {
      requireCommand("h2load", "nghttp2-client");
      for (const target of ["/x", "/modern/x"]) {
        const url = `${port}://localhost:${heddle.ports[port]}${target}`;
        const { output } = await run("h2load", [
          "-n",
          String(REQUESTS),
          "-c",
          "16",
          "-m",
          "10",
          ...args,
          url,
        ]);
        assert.match(output, new RegExp(`${REQUESTS} succeeded, 0 failed, 0 errored, 0 timeout`), output);
      }
    });
  }

  test("undici with allowH2, over TLS", async () => {
    const agent = new Agent({ allowH2: true, connect: { ca } });
    try {
      const answers = await Promise.all(
        Array.from({ length: 20 }, async (_, n) => {
          const { statusCode, body } = await request(
            `https://localhost:${heddle.ports.https}/${n % 2 === 0 ? "" : "modern/"}${n}`,
            { dispatcher: agent, method: "POST", body: upload.subarray(0, 50_000) },
          );
          const echo = (await body.json()) as Echo;
          return [statusCode, echo.bodyLength];
        }),
      );
      for (const answer of answers) assert.deepEqual(answer, [200, 50_000]);
    } finally {
      await agent.close();
    }
  });

  test("node:http2: bodies both ways at once, on many streams", async () => {
    await using client = await connectHttp2(heddle.ports.https, {
      host: "localhost",
      tls: { ca },
    });
    const responses = await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        client.request(
          { ":method": "PUT", ":path": n % 2 === 0 ? "/x" : "/modern/x", ":authority": "localhost" },
          { body: upload.subarray(0, 300_000) },
        ),
      ),
    );
    for (const { status, body } of responses) {
      assert.equal(status, 200);
      assert.equal((JSON.parse(body.toString()) as Echo).bodyLength, 300_000);
    }
  });
});
