import assert from "node:assert/strict";
import { test } from "node:test";
import { openHttp2Server } from "@heddle/testkit";
import type { RawConnection } from "@heddle/testkit";
import { DEFAULT_CLUSTER_SETTINGS } from "../model/index.ts";
import { CLUSTER } from "../observe/index.ts";
import { answer, endpoint, Gateway, get, openSilentServer, readResponse } from "./gateway.suite.ts";

const full = { maxConnectionsPerEndpoint: 1, maxPending: 2 };

/** Attempts have begun, at an endpoint or in wait for a connection. */
function begun(gateway: Gateway, attempts: number): Promise<void> {
  return gateway.becomes(
    `${attempts} attempts have begun`,
    () => gateway.total("cluster", CLUSTER.attemptsStarted) === attempts,
  );
}

/** Clients whose requests come one after the other. */
async function ask(gateway: Gateway, paths: readonly string[], from: number = 0): Promise<RawConnection[]> {
  const clients: RawConnection[] = [];
  for (const path of paths) {
    const client = await gateway.connect();
    client.send(get(path));
    clients.push(client);
    await begun(gateway, from + clients.length);
  }
  return clients;
}

async function close(clients: readonly RawConnection[]): Promise<void> {
  for (const client of clients) await client.close();
}

test("requests wait for a connection where there are as many as may be: first come, first served", async () => {
  await using upstream = await openSilentServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port], cluster: full });
  const clients = await ask(gateway, ["/a", "/b", "/c"]);
  const connection = await upstream.connection(0);
  for (const [at, client] of clients.entries()) {
    const head = await connection.receiveUntil("\r\n\r\n");
    assert.match(head.toString(), new RegExp(`^GET /${"abc"[at]} `));
    connection.send(answer(`for ${at}`));
    assert.equal((await readResponse(client)).body, `for ${at}`);
  }
  assert.equal(upstream.connections.length, 1);
  await close(clients);
});

test("more than may wait are refused at once, and who leaves makes room", async () => {
  await using upstream = await openSilentServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port], cluster: full });
  const [first, second, third] = await ask(gateway, ["/a", "/b", "/c"]);
  await using refused = await gateway.connect();
  refused.send(get("/d"));
  assert.equal((await readResponse(refused)).status, 503);
  second.reset();
  await gateway.becomes("the second has left", () => gateway.clients === 3);
  const [late] = await ask(gateway, ["/e"], 4);
  const connection = await upstream.connection(0);
  for (const [client, path] of [
    [first, "a"],
    [third, "c"],
    [late, "e"],
  ] as const) {
    assert.match((await connection.receiveUntil("\r\n\r\n")).toString(), new RegExp(`^GET /${path} `));
    connection.send(answer(path));
    assert.equal((await readResponse(client)).body, path);
  }
  await close([first, third, late]);
});

test("a connection that closes makes room for one that waits, with its body", async () => {
  await using upstream = await openSilentServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port], cluster: full });
  const [first] = await ask(gateway, ["/a"]);
  const second = await gateway.connect();
  second.send("POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nping");
  await begun(gateway, 2);
  const connection = await upstream.connection(0);
  await connection.receiveUntil("\r\n\r\n");
  connection.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
  assert.equal((await readResponse(first)).body, "ok");
  const next = await upstream.connection(1);
  assert.match((await next.receiveUntil("ping")).toString(), /^POST \/b /);
  next.send(answer("done"));
  assert.equal((await readResponse(second)).body, "done");
  await close([first, second]);
});

test("who waits longer than a connection may take to be made is refused", async () => {
  await using upstream = await openSilentServer();
  await using gateway = await Gateway.open({
    endpoints: [upstream.port],
    cluster: { ...full, connectTimeoutMs: 50 },
  });
  const [first, second] = await ask(gateway, ["/a", "/b"]);
  assert.equal((await readResponse(second)).status, 503);
  const connection = await upstream.connection(0);
  await connection.receiveUntil("\r\n\r\n");
  connection.send(answer("late"));
  assert.equal((await readResponse(first)).body, "late");
  await close([first, second]);
});

test("while another endpoint has a connection free nobody waits", async () => {
  await using first = await openSilentServer();
  await using standby = await openSilentServer();
  await using gateway = await Gateway.open({
    endpoints: [endpoint(first.port), { ...endpoint(standby.port), priority: 1 }],
    cluster: full,
  });
  const clients = await ask(gateway, ["/a", "/b"]);
  for (const [server, path] of [
    [first, "a"],
    [standby, "b"],
  ] as const) {
    const connection = await server.connection(0);
    assert.match((await connection.receiveUntil("\r\n\r\n")).toString(), new RegExp(`^GET /${path} `));
    connection.send(answer(path));
  }
  assert.equal((await readResponse(clients[0])).body, "a");
  assert.equal((await readResponse(clients[1])).body, "b");
  await close(clients);
});

test("streams of a shared connection are waited for as well", async () => {
  const open: (() => void)[] = [];
  await using upstream = await openHttp2Server((stream) => {
    open.push(() => {
      stream.respond({ ":status": 200, "content-length": 2 });
      stream.end("ok");
    });
  });
  const cluster = { ...full, http2: { ...DEFAULT_CLUSTER_SETTINGS.http2, maxStreams: 1 } };
  await using gateway = await Gateway.open({ endpoints: [upstream.port], protocol: "http2", cluster });
  const clients = await ask(gateway, ["/a", "/b", "/c"]);
  for (const client of clients) {
    await gateway.becomes("the endpoint was asked", () => open.length === 1);
    open.pop()!();
    assert.equal((await readResponse(client)).body, "ok");
  }
  assert.equal(upstream.sessionCount, 1);
  await close(clients);
});
