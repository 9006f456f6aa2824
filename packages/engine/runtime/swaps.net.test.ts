import assert from "node:assert/strict";
import net from "node:net";
import { once } from "node:events";
import { test } from "node:test";
import {
  connectRaw,
  FakeClock,
  findFreePorts,
  makeCertificateAuthority,
  openEchoServer,
} from "@heddle/testkit";
import type { Unit } from "../model/index.ts";
import {
  answer,
  ANY_HOST,
  Gateway,
  get,
  openSilentServer,
  readResponse,
  refuses,
  unitsOf,
} from "./gateway.suite.ts";

const ASK_UPGRADE = get("/ws", "Connection: Upgrade\r\nUpgrade: websocket\r\n");
const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";

test("a kept connection follows the new configuration with its next request, one in flight ends under the old", async () => {
  await using old = await openSilentServer();
  await using next = await openEchoServer({ name: "next" });
  await using gateway = await Gateway.open({ endpoints: [old.port] });
  await using busy = await gateway.connect();
  await using idle = await gateway.connect();
  busy.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nbef`);
  const connection = await old.connection(0);
  await connection.receiveUntil("bef");
  await gateway.apply({ endpoints: [next.port] });
  idle.send(get("/"));
  assert.match((await readResponse(idle)).body, /"servedBy":"next"/);
  busy.send("ore");
  await connection.receiveUntil("ore");
  connection.send(answer("old"));
  assert.equal((await readResponse(busy)).body, "old");
  busy.send(get("/"));
  assert.match((await readResponse(busy)).body, /"servedBy":"next"/);
});

test("a listener that leaves takes no more connections and drains the ones it has", async () => {
  await using upstream = await openSilentServer();
  const units = unitsOf({ endpoints: [upstream.port] });
  await using gateway = await Gateway.open(units);
  const port = gateway.portOf();
  await using idle = await gateway.connect();
  await using busy = await gateway.connect();
  busy.send(get("/"));
  const connection = await upstream.connection(0);
  await connection.receiveUntil("\r\n\r\n");
  await gateway.apply(units.filter(({ kind }) => kind !== "listener"));
  assert.equal(await idle.receiveToEnd(), "");
  await assert.rejects(connectRaw(port), { code: "ECONNREFUSED" });
  connection.send(answer("last"));
  const { head, body } = await readResponse(busy);
  assert.equal(body, "last");
  assert.match(head, /\r\nconnection: close\r\n/);
  assert.equal(await busy.receiveToEnd(), "");
});

test("a listener that becomes HTTPS is bound anew on its port, and its old connections drain", async () => {
  const ca = await makeCertificateAuthority();
  const { cert, key } = await ca.issue({ names: ["a.test"] });
  await using upstream = await openEchoServer();
  const [port] = await findFreePorts(1);
  const plain = { endpoints: [upstream.port], port };
  await using gateway = await Gateway.open(plain);
  await using before = await gateway.connect();
  before.send(get("/"));
  await readResponse(before);
  await gateway.apply({
    ...plain,
    servers: [{ ...ANY_HOST, tls: { certificates: ["s"], minVersion: "TLSv1.2", alpn: ["http/1.1"] } }],
    secrets: [{ kind: "secret", name: "s", certificatePem: cert, privateKeyPem: key, dnsNames: ["a.test"] }],
  });
  assert.equal(gateway.portOf(), port);
  assert.equal(await before.receiveToEnd(), "");
  await using after = await gateway.connect({ tls: { ca: ca.cert, servername: "a.test" } });
  after.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  assert.equal((await readResponse(after)).status, 200);
});

test("an address that is taken is reported, does not stop the others, and is tried again at the next change", async () => {
  await using upstream = await openEchoServer();
  const blocker = net.createServer().listen(0, "127.0.0.1");
  await once(blocker, "listening");
  const { port } = blocker.address() as net.AddressInfo;
  const units = unitsOf({ endpoints: [upstream.port] });
  const taken = { ...unitsOf({ endpoints: [], port })[0], name: "taken" } as Unit;
  await using gateway = await Gateway.open([...units, taken]);
  const errorOf = (): string | null | undefined =>
    gateway.report!.listeners.find(({ name }) => name === "taken")?.error;
  assert.equal(errorOf(), "EADDRINUSE");
  await using client = await gateway.connect();
  client.send(get("/"));
  assert.equal((await readResponse(client)).status, 200);
  blocker.close();
  await once(blocker, "close");
  await gateway.apply([...units, taken]);
  assert.equal(errorOf(), null);
  await using other = await connectRaw(port);
  other.send(get("/"));
  assert.equal((await readResponse(other)).status, 200);
});

test("a listener that could not be bound and leaves the configuration is not tried again", async () => {
  const blocker = net.createServer().listen(0, "127.0.0.1");
  await once(blocker, "listening");
  const { port } = blocker.address() as net.AddressInfo;
  const units = unitsOf({ endpoints: [] });
  const taken = { ...unitsOf({ endpoints: [], port })[0], name: "taken" } as Unit;
  await using gateway = await Gateway.open([...units, taken]);
  assert.equal(gateway.report!.listeners.length, 2);
  blocker.close();
  await once(blocker, "close");
  await gateway.apply(units);
  assert.deepEqual(
    gateway.report!.listeners.map(({ name }) => name),
    ["gateway"],
  );
  await assert.rejects(connectRaw(port), { code: "ECONNREFUSED" });
});

test("a drain lets exchanges finish, closes what is idle, takes nothing new, and cuts tunnels at its end", async () => {
  const clock = new FakeClock();
  await using upstream = await openSilentServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] }, { clock });
  const port = gateway.portOf();
  await using idle = await gateway.connect();
  await using busy = await gateway.connect();
  await using tunnel = await gateway.connect();
  busy.send(get("/"));
  const connection = await upstream.connection(0);
  await connection.receiveUntil("\r\n\r\n");
  tunnel.send(ASK_UPGRADE);
  const far = await upstream.connection(1);
  await far.receiveUntil("\r\n\r\n");
  far.send(SWITCH);
  await tunnel.receiveUntil("\r\n\r\n");
  let isDrained = false;
  const drained = gateway.engine.drain(30_000).then(() => (isDrained = true));
  clock.advance(500);
  assert.equal(await idle.receiveToEnd(), "");
  await refuses(port);
  connection.send(answer("last"));
  assert.equal((await readResponse(busy)).body, "last");
  assert.equal(await busy.receiveToEnd(), "");
  tunnel.send("still");
  await far.receiveUntil("still");
  assert.equal(isDrained, false);
  clock.advance(30_000);
  await drained;
  assert.equal(await tunnel.closed, "reset");
  assert.equal(await far.closed, "reset");
});

test("a drain answers the request that a kept-alive connection had on its way", async () => {
  const clock = new FakeClock();
  await using upstream = await openEchoServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] }, { clock });
  await using fresh = await gateway.connect();
  await using used = await gateway.connect();
  await using long = await gateway.connect();
  for (const client of [used, long]) {
    client.send(get("/"));
    await readResponse(client);
  }
  clock.advance(499);
  used.send(get("/"));
  await readResponse(used);
  const drained = gateway.engine.drain(30_000);
  for (const client of [fresh, used]) {
    client.send(get("/late"));
    const { status, head } = await readResponse(client);
    assert.equal(status, 200);
    assert.match(head, /\r\nconnection: close\r\n/);
    assert.equal(await client.receiveToEnd(), "");
    client.end();
  }
  clock.advance(1);
  assert.equal(await long.receiveToEnd(), "", "what was idle for half a second closes");
  long.end();
  await drained;
});

test("a drain ends as soon as the last connection has", async () => {
  await using upstream = await openSilentServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using busy = await gateway.connect();
  busy.send(get("/"));
  const connection = await upstream.connection(0);
  await connection.receiveUntil("\r\n\r\n");
  const drained = gateway.engine.drain(30_000);
  connection.send(answer("last"));
  await readResponse(busy);
  busy.end();
  await drained;
});

test("a counter's place is given to another only when the exchanges of the old version have ended", async () => {
  await using old = await openSilentServer();
  await using next = await openEchoServer();
  await using gateway = await Gateway.open({ endpoints: [old.port] });
  const placeOf = (port: number): number | undefined =>
    new Map(gateway.registry.indexes()).get(`endpoint:app|127.0.0.1:${port}`);
  const place = placeOf(old.port);
  assert.ok(place !== undefined);
  await using busy = await gateway.connect();
  busy.send(get("/"));
  const connection = await old.connection(0);
  await connection.receiveUntil("\r\n\r\n");
  await gateway.apply({ endpoints: [next.port] });
  await gateway.apply({ endpoints: [next.port, 1] });
  assert.notEqual(placeOf(next.port), place);
  assert.notEqual(placeOf(1), place);
  connection.send(answer("end"));
  await readResponse(busy);
  await gateway.apply({ endpoints: [next.port, 1, 2] });
  assert.equal(placeOf(2), place);
});

test("every request under 40 changes is answered by the old or the new configuration", async () => {
  await using one = await openEchoServer({ name: "one" });
  await using two = await openEchoServer({ name: "two" });
  await using gateway = await Gateway.open({ endpoints: [one.port] });
  const traffic = { isOver: false };
  const load = async (): Promise<number> => {
    await using client = await gateway.connect();
    let count = 0;
    for (; !traffic.isOver; count++) {
      client.send(get("/"));
      const { status, body } = await readResponse(client);
      assert.equal(status, 200);
      assert.match(body, /"servedBy":"(one|two)"/);
    }
    return count;
  };
  const loads = Promise.all([load(), load(), load(), load()]);
  const answered = (): number => one.requestCount + two.requestCount;
  for (let i = 0; i < 40; i++) {
    const before = answered();
    await gateway.apply({ endpoints: [i % 2 === 0 ? two.port : one.port] });
    await gateway.becomes("traffic goes on", () => answered() > before + 4);
  }
  traffic.isOver = true;
  for (const count of await loads) assert.ok(count > 10, `${count} requests`);
});
