import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { test } from "node:test";
import tls from "node:tls";
import { Worker } from "node:worker_threads";
import { connectRaw, findFreePorts, makeCertificateAuthority, openEchoServer } from "@heddle/testkit";
import { LISTENER, WORKER } from "../observe/index.ts";
import type { Shape } from "./gateway.suite.ts";
import {
  ANY_HOST,
  answer,
  defaultRule,
  Gateway,
  get,
  openSilentServer,
  readResponse,
  refuses,
  routeUnit,
} from "./gateway.suite.ts";

const workerEntry = new URL("./worker-entry.suite.ts", import.meta.url);

function filterRoute(filter: string) {
  return routeUnit(
    `default/${filter}`,
    [ANY_HOST],
    [
      defaultRule({
        matches: [{ path: { type: "Exact", value: `/${filter}` }, method: "", headers: [], queryParams: [] }],
        filters: [{ name: filter, config: null }],
      }),
    ],
  );
}

const more = [filterRoute("crash"), filterRoute("whoami"), filterRoute("holds")];

async function statusOf(port: number, path: string): Promise<number> {
  await using client = await connectRaw(port);
  client.send(get(path, "Connection: close\r\n"));
  return (await readResponse(client)).status;
}

test("workers in threads of their own share a port, and each has the configuration", async () => {
  await using upstream = await openEchoServer();
  const [port] = await findFreePorts(1);
  await using gateway = await Gateway.open(
    { endpoints: [upstream.port], port, more },
    { workers: 2, workerEntry },
  );
  for (let i = 0; i < 40; i++) assert.equal(await statusOf(port, "/"), 200);
  const served: number[] = [];
  gateway.registry.visitWorkers((worker, cells) => {
    served.push(worker);
    assert.equal(cells[WORKER.snapshotVersion], 1);
  });
  assert.equal(served.length, 2);
  await using client = await connectRaw(port);
  client.send(get("/whoami"));
  const seen = JSON.parse((await readResponse(client)).body) as Record<string, unknown>;
  const { worker, ...rest } = seen;
  assert.ok(worker === 1 || worker === 2);
  assert.deepEqual(rest, { isMainThread: false, rawWrites: process.env.HEDDLE_RAW_WRITES !== "0" });
  await gateway.apply({ endpoints: [], port, more });
  for (let i = 0; i < 10; i++) assert.equal(await statusOf(port, "/"), 503);
  // Written by other threads, a moment after the response.
  await gateway.becomes("all is counted", () => gateway.total("listener", LISTENER.ended) === 51);
});

test("a worker is sent one part of a change at a time, since it works off all that waits in one turn", async (context) => {
  const post = Worker.prototype.postMessage;
  const workers = new Set<Worker>();
  let [parts, waiting, mostWaiting] = [0, 0, 0];
  context.mock.method(Worker.prototype, "postMessage", function (this: Worker, message: { kind: string }) {
    if (!workers.has(this)) {
      workers.add(this);
      this.on("message", (answer: { kind: string }) => {
        if (answer.kind === "taken") waiting--;
      });
    }
    if (message.kind === "delta") {
      parts++;
      mostWaiting = Math.max(mostWaiting, ++waiting);
    }
    post.call(this, message);
  });
  const routes = Array.from({ length: 300 }, (_, at) =>
    routeUnit(`default/r${at}`, [ANY_HOST], [defaultRule()]),
  );
  await using gateway = await Gateway.open({ endpoints: [], more: routes }, { workers: 1, workerEntry });
  assert.equal(gateway.report!.changedUnits, 304);
  assert.ok(parts > 5, `${parts} parts`);
  assert.deepEqual([mostWaiting, waiting], [1, 0]);
});

test("a port of somebody else is reported, although workers could share it", async () => {
  const other = net.createServer().listen({ port: 0, host: "127.0.0.1", reusePort: true });
  await once(other, "listening");
  const { port } = other.address() as net.AddressInfo;
  await using gateway = await Gateway.open({ endpoints: [], port }, { workers: 2, workerEntry });
  assert.equal(gateway.report!.listeners[0].error, "EADDRINUSE");
  other.close();
  await once(other, "close");
  await gateway.apply({ endpoints: [], port });
  assert.equal(await statusOf(port, "/"), 503);
});

test("a worker that crashes is replaced, serves the current version, and what it counted stays", async () => {
  await using upstream = await openEchoServer();
  const [port] = await findFreePorts(1);
  const shape: Shape = { endpoints: [upstream.port], port, more };
  await using gateway = await Gateway.open(shape, { workers: 1, workerEntry });
  for (let i = 0; i < 5; i++) assert.equal(await statusOf(port, "/"), 200);
  await using victim = await connectRaw(port);
  victim.send(get("/crash"));
  await gateway.becomes("it is noticed", () => gateway.registry.workerRestarts === 1);
  // A change that comes while there is no worker.
  await gateway.apply({
    ...shape,
    rule: {
      matches: [{ path: { type: "PathPrefix", value: "/new" }, method: "", headers: [], queryParams: [] }],
    },
  });
  await gateway.becomes("the next one runs", () => gateway.registry.workers.length === 1);
  await gateway.apply({
    ...shape,
    rule: {
      matches: [{ path: { type: "PathPrefix", value: "/new" }, method: "", headers: [], queryParams: [] }],
    },
  });
  assert.equal(await statusOf(port, "/new"), 200);
  assert.equal(await statusOf(port, "/old"), 404);
  await gateway.becomes("all is counted", () => gateway.total("listener", LISTENER.ended) >= 7);
  assert.ok(gateway.logs.some(({ level, message }) => level === "error" && message.includes("is replaced")));
});

async function hold(port: number): Promise<number> {
  await using client = await connectRaw(port);
  client.send(get("/holds", "Connection: close\r\n"));
  return Number((await readResponse(client)).body);
}

test("what workers hold in common is one count, and a worker that crashes holds nothing any more", async () => {
  const [port] = await findFreePorts(1);
  await using gateway = await Gateway.open({ endpoints: [], port, more }, { workers: 2, workerEntry });
  const counts: number[] = [];
  for (let i = 0; i < 30; i++) counts.push(await hold(port));
  assert.deepEqual(
    counts,
    counts.map((_, at) => at + 1),
  );
  for (let crashes = 1; crashes <= 2; crashes++) {
    await using victim = await connectRaw(port);
    victim.send(get("/crash"));
    await gateway.becomes(
      "it is replaced",
      () => gateway.registry.workerRestarts === crashes && gateway.registry.workers.length === 2,
    );
    await gateway.apply({ endpoints: [], port, more });
    counts.push(await hold(port));
  }
  // Each had a share of the thirty. Whichever crashed, its own are gone, and those of its successor stay.
  const afterFirst = counts.at(-2)!;
  assert.ok(afterFirst <= 31 && afterFirst >= 1, `${afterFirst}`);
  assert.ok(counts.at(-1)! <= afterFirst + 1);
  assert.ok(counts.at(-1)! < 32 || afterFirst < 31, "somebody's were given back");
});

test("a crash of one worker leaves the other's exchanges alone", async () => {
  await using upstream = await openSilentServer();
  const [port] = await findFreePorts(1);
  await using gateway = await Gateway.open(
    { endpoints: [upstream.port], port, more },
    { workers: 2, workerEntry },
  );
  const busy = await Promise.all(Array.from({ length: 8 }, () => connectRaw(port)));
  for (const client of busy) client.send(get("/"));
  for (let i = 0; i < busy.length; i++) await (await upstream.connection(i)).receiveUntil("\r\n\r\n");
  await using victim = await connectRaw(port);
  victim.send(get("/crash"));
  await gateway.becomes(
    "it is replaced",
    () => gateway.registry.workerRestarts === 1 && gateway.registry.workers.length === 2,
  );
  for (const connection of upstream.connections) connection.send(answer("whole"));
  const bodies = await Promise.all(
    busy.map((client) =>
      readResponse(client).then(
        ({ body }) => body,
        () => "cut",
      ),
    ),
  );
  assert.ok(bodies.every((body) => body === "whole" || body === "cut"));
  await Promise.all(busy.map((client) => client.close()));
  await gateway.apply({ endpoints: [], port, more });
  for (let i = 0; i < 10; i++) assert.equal(await statusOf(port, "/"), 503);
});

test("a ticket of one worker resumes at every other", async () => {
  const ca = await makeCertificateAuthority();
  const { cert, key } = await ca.issue({ names: ["a.test"] });
  await using upstream = await openEchoServer();
  const [port] = await findFreePorts(1);
  const shape: Shape = {
    endpoints: [upstream.port],
    port,
    servers: [{ ...ANY_HOST, tls: { certificates: ["s"], minVersion: "TLSv1.2", alpn: ["http/1.1"] } }],
    secrets: [{ kind: "secret", name: "s", certificatePem: cert, privateKeyPem: key, dnsNames: ["a.test"] }],
  };
  await using gateway = await Gateway.open(shape, { workers: 2, workerEntry });
  const visit = async (session?: Buffer): Promise<{ session: Buffer | undefined; isResumed: boolean }> => {
    const socket = tls.connect({
      host: "127.0.0.1",
      port,
      ca: ca.cert,
      servername: "a.test",
      ...(session === undefined ? {} : { session }),
    });
    let given: Buffer | undefined;
    socket.on("session", (ticket: Buffer) => (given = ticket));
    await once(socket, "secureConnect");
    socket.write("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
    socket.resume();
    const isResumed = socket.isSessionReused();
    await once(socket, "end");
    socket.destroy();
    return { session: given, isResumed };
  };
  const { session } = await visit();
  assert.ok(session !== undefined);
  for (let i = 0; i < 16; i++) assert.equal((await visit(session)).isResumed, true);
  const workers = new Set<number>();
  gateway.registry.visitWorkers((worker) => workers.add(worker));
  assert.equal(workers.size, 2);
  assert.equal(gateway.total("listener", LISTENER.tlsResumed), 16);
});

test("workers drain: what is in flight finishes, then all of them end", async () => {
  await using upstream = await openSilentServer();
  const [port] = await findFreePorts(1);
  await using gateway = await Gateway.open({ endpoints: [upstream.port], port }, { workers: 2, workerEntry });
  await using busy = await connectRaw(port);
  busy.send(get("/"));
  const connection = await upstream.connection(0);
  await connection.receiveUntil("\r\n\r\n");
  const drained = gateway.engine.drain(10_000);
  await gateway.becomes("the port is closed", () => true);
  connection.send(answer("last"));
  assert.equal((await readResponse(busy)).body, "last");
  busy.end();
  await drained;
  await refuses(port);
});

test("closing does not wait for a call that nobody answers", async () => {
  await using upstream = await openSilentServer();
  const [port] = await findFreePorts(1);
  // Not closed by `using`: what the thread took with it was never counted as ended.
  const gateway = await Gateway.open(
    { endpoints: [upstream.port], port, more: [filterRoute("calls-aside")] },
    { workers: 1, workerEntry },
  );
  await using client = await connectRaw(port);
  client.send(get("/calls-aside"));
  await readResponse(client);
  const connection = await upstream.connection(0);
  await connection.receiveUntil("\r\n\r\n");
  client.end();
  const startMs = performance.now();
  await gateway.engine.close();
  assert.ok(performance.now() - startMs < 4_000, "before the thread is ended by force");
  assert.doesNotMatch(await connection.receiveToEnd(), /HTTP\/1.1 200/);
});

test("closing without a drain does not wait for connections that are open", async () => {
  await using upstream = await openEchoServer();
  const [port] = await findFreePorts(1);
  await using gateway = await Gateway.open({ endpoints: [upstream.port], port }, { workers: 1, workerEntry });
  await using client = await connectRaw(port);
  client.send(get("/"));
  await readResponse(client);
  const startMs = performance.now();
  await gateway.engine.close();
  assert.ok(performance.now() - startMs < 10_000);
});
