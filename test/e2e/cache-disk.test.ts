import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdir, readlink, rm, truncate } from "node:fs/promises";
import http from "node:http";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import path from "node:path";
import type { Readable } from "node:stream";
import { after, before, test } from "node:test";
import { becomesTrue, startHeddle } from "@heddle/testkit";
import type { RunningHeddle } from "@heddle/testkit";

/** More than sockets hold on both sides. */
const content = randomBytes(24 * 1_048_576);
const CUT = 20 * 1_048_576;
const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const configuration = (port: number, backend: number): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec: { gatewayClassName: heddle, listeners: [{ name: http, protocol: HTTP, port: ${port} }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: web }
spec: { parentRefs: [{ name: edge }], rules: [{ backendRefs: [{ group: heddle.dev, kind: Backend, name: web }] }] }
---
apiVersion: heddle.dev/v1alpha1
kind: Backend
metadata: { name: web }
spec: { endpoints: [{ address: 127.0.0.1, port: ${backend} }] }
---
apiVersion: heddle.dev/v1alpha1
kind: ContentPolicy
metadata: { name: content }
spec:
  targetRefs: [{ kind: HTTPRoute, name: web }]
  cache: { maxObjectBytes: 33554432, disk: { maxBytes: 1000000000 } }
`;

let backend: http.Server;
let asked = 0;
let heddle: RunningHeddle<"edge">;

before(async () => {
  backend = http.createServer((_request, response) => {
    asked++;
    response.writeHead(200, { "cache-control": "max-age=600" }).end(content);
  });
  backend.listen(0, "127.0.0.1");
  await once(backend, "listening");
  const { port } = backend.address() as AddressInfo;
  heddle = await startHeddle({
    ports: ["edge"],
    files: ({ edge }) => ({ "shop.yaml": configuration(edge, port) }),
    args: ["--workers", "1"],
  });
});

after(async () => {
  await heddle[Symbol.asyncDispose]();
  backend.closeAllConnections();
  backend.close();
});

/** A response of which nothing is taken yet. */
interface Begun {
  readonly body: Readable;
  readonly cacheStatus: string;
  close(): void;
}

async function beginHttp1(target: string): Promise<Begun> {
  const request = http.get(heddle.urls.edge + target, { agent: false });
  const [response] = (await once(request, "response")) as [http.IncomingMessage];
  // Whoever reads hears of it, when they do.
  response.on("error", () => {});
  request.on("error", () => {});
  return {
    body: response,
    cacheStatus: String(response.headers["cache-status"]),
    close: () => response.destroy(),
  };
}

async function beginHttp2(target: string): Promise<Begun> {
  const session = http2.connect(heddle.urls.edge);
  const stream = session.request({ ":path": target });
  stream.on("close", () => session.close());
  stream.on("error", () => {});
  const [head] = (await once(stream, "response")) as [http2.IncomingHttpHeaders];
  return {
    body: stream,
    cacheStatus: String(head["cache-status"]),
    close: () => stream.close(http2.constants.NGHTTP2_CANCEL),
  };
}

const clients = [
  ["HTTP/1.1", beginHttp1],
  ["HTTP/2", beginHttp2],
] as const;

async function take({ body }: Begun): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const files = async (): Promise<string[]> => {
  const folder = path.join(heddle.stateFolder, "cache");
  const all = await readdir(folder, { recursive: true }).catch(() => []);
  return all.filter((name) => /[0-9a-f]{64}$/.test(name)).map((name) => path.join(folder, name));
};

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  assert.ok(await becomesTrue(isSo, 15_000));
}

/** Descriptors of Heddle that lead to responses. */
async function openCount(): Promise<number> {
  const folder = `/proc/${heddle.pid}/fd`;
  const links = await Promise.all(
    (await readdir(folder)).map((fd) => readlink(path.join(folder, fd)).catch(() => "")),
  );
  return links.filter((link) => link.startsWith(path.join(heddle.stateFolder, "cache"))).length;
}

/** One that is on disk. Resolves to its file. */
async function store(target: string): Promise<string> {
  const known = new Set(await files());
  assert.equal(digest(await take(await beginHttp1(target))), digest(content));
  let file: string | undefined;
  await until(async () => (file = (await files()).find((one) => !known.has(one))) !== undefined);
  return file!;
}

for (const [version, begin] of clients) {
  test(`${version}: what is on disk goes out as the client takes it, also when its file has gone`, async () => {
    const target = `/whole/${version}`;
    const file = await store(target);
    const before = asked;
    const begun = await begin(target);
    assert.match(begun.cacheStatus, /^heddle; hit/);
    assert.equal(await openCount(), 1, "it waits for its client");
    await rm(file);
    assert.equal(digest(await take(begun)), digest(content));
    assert.equal(asked, before);
    await until(async () => (await openCount()) === 0);
  });

  test(`${version}: what is cut short on disk is no whole response`, async () => {
    const target = `/cut/${version}`;
    const file = await store(target);
    const begun = await begin(target);
    await truncate(file, CUT);
    const got: Buffer[] = [];
    await assert.rejects(async () => {
      for await (const chunk of begun.body) got.push(chunk as Buffer);
    });
    const bytes = Buffer.concat(got);
    assert.ok(bytes.length <= CUT && bytes.equals(content.subarray(0, bytes.length)), `${bytes.length}`);
    await until(async () => (await openCount()) === 0);
    const before = asked;
    assert.equal(digest(await take(await begin(target))), digest(content));
    assert.equal(asked, before + 1);
  });

  test(`${version}: a client that leaves has its file closed`, async () => {
    const target = `/gone/${version}`;
    await store(target);
    const begun = await begin(target);
    assert.equal(await openCount(), 1);
    begun.close();
    await until(async () => (await openCount()) === 0);
  });
}

test("what is on its way when Heddle is told to end gets there", async () => {
  await store("/drain");
  const begun = await beginHttp1("/drain");
  const ended = heddle.stop();
  await until(() => `${heddle.stdout()}${heddle.stderr()}`.includes("SIGTERM"));
  assert.equal(digest(await take(begun)), digest(content));
  assert.equal((await ended).code, 0);
});
