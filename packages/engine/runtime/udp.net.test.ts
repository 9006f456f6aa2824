import assert from "node:assert/strict";
import dgram from "node:dgram";
import dns from "node:dns/promises";
import { once } from "node:events";
import { test } from "node:test";
import { becomesTrue, connectRaw, FakeClock, findFreePorts } from "@heddle/testkit";
import { hashText } from "../base/index.ts";
import type { Unit } from "../model/index.ts";
import { LISTENER } from "../observe/index.ts";
import { ANY_HOST, defaultRule, endpoint, Gateway, get, routeUnit, unitsOf } from "./gateway.suite.ts";
import { streamUnits, UDP_SERVER } from "./stream-units.suite.ts";
import type { StreamShape } from "./stream-units.suite.ts";

/** Sends back what it gets, with its name and the port that it came from. */
class Echo {
  readonly socket: dgram.Socket;
  readonly from = new Set<number>();

  static async open(name: string, address: string = "127.0.0.1"): Promise<Echo> {
    const echo = new Echo(name, address);
    echo.socket.bind(0, address);
    await once(echo.socket, "listening");
    return echo;
  }

  private constructor(name: string, address: string) {
    this.socket = dgram.createSocket(address.includes(":") ? "udp6" : "udp4");
    this.socket.on("message", (bytes, { port, address: host }) => {
      this.from.add(port);
      this.socket.send(`${name}:${String(bytes)}`, port, host);
    });
  }

  get port(): number {
    return this.socket.address().port;
  }

  [Symbol.dispose](): void {
    this.socket.close();
  }
}

/** A client with a port of its own. */
class Client {
  readonly got: string[] = [];
  private readonly socket: dgram.Socket;
  private readonly address: string;
  private readonly port: number;
  private asked = 0;

  constructor(port: number, address: string = "127.0.0.1") {
    this.port = port;
    this.address = address;
    this.socket = dgram.createSocket(address.includes(":") ? "udp6" : "udp4");
    this.socket.on("message", (bytes) => this.got.push(String(bytes)));
    this.socket.on("error", () => {});
  }

  /** Asks until there is an answer: datagrams may be lost while a port changes hands. */
  async ask(): Promise<string> {
    const text = `q${this.asked++}`;
    const isAnswered = (): boolean => this.got.some((one) => one.endsWith(`:${text}`));
    const isThere = await becomesTrue(() => {
      if (!isAnswered()) this.socket.send(text, this.port, this.address);
      return isAnswered();
    }, 20_000);
    assert.ok(isThere, `no answer to ${text}`);
    return this.got.find((one) => one.endsWith(`:${text}`))!.split(":")[0];
  }

  /** Whether one datagram is answered within a moment. */
  async isAnswered(): Promise<boolean> {
    const text = `q${this.asked++}`;
    this.socket.send(text, this.port, this.address);
    return becomesTrue(() => this.got.some((one) => one.endsWith(`:${text}`)), 300);
  }

  [Symbol.dispose](): void {
    this.socket.close();
  }
}

const udp = (endpoints: StreamShape["endpoints"], more: Partial<StreamShape> = {}): StreamShape => ({
  protocol: "UDP",
  servers: [UDP_SERVER],
  endpoints,
  ...more,
});

test("IPv6 is as good as IPv4: clients of both reach endpoints of both through one port", async () => {
  for (const address of ["127.0.0.1", "::1"]) {
    using echo = await Echo.open("echo", address);
    await using gateway = await Gateway.open(
      streamUnits(udp([endpoint(echo.port, address)], { address: "::" })),
    );
    for (const from of ["127.0.0.1", "::1"]) {
      using client = new Client(gateway.portOf(), from);
      assert.equal(await client.ask(), "echo", `${from} to ${address}`);
    }
  }
});

test("an endpoint by name is found in each family that the name has", async () => {
  for (const { address } of await dns.lookup("localhost", { all: true })) {
    using echo = await Echo.open("echo", address);
    await using gateway = await Gateway.open(streamUnits(udp([endpoint(echo.port, "localhost")])));
    using client = new Client(gateway.portOf());
    assert.equal(await client.ask(), "echo", address);
  }
});

test("an endpoint whose name does not resolve loses its datagrams, and the worker goes on", async () => {
  using echo = await Echo.open("echo");
  await using gateway = await Gateway.open(streamUnits(udp([endpoint(echo.port, "nowhere.invalid")])));
  using client = new Client(gateway.portOf());
  assert.equal(await client.isAnswered(), false);
  await gateway.apply(streamUnits(udp([echo.port])));
  assert.equal(await client.ask(), "echo");
});

test("a drain lets sessions that are answered go on until its time is up, and takes no new clients", async () => {
  const clock = new FakeClock();
  using echo = await Echo.open("echo");
  await using gateway = await Gateway.open(streamUnits(udp([echo.port])), { clock });
  using client = new Client(gateway.portOf());
  using late = new Client(gateway.portOf());
  assert.equal(await client.ask(), "echo");
  let isDrained = false;
  const drained = gateway.engine.drain(60_000).then(() => (isDrained = true));
  for (let i = 0; i < 3; i++) {
    clock.advance(15_000);
    assert.equal(await client.ask(), "echo");
  }
  assert.equal(await late.isAnswered(), false);
  assert.equal(gateway.refusals("udp-session-limit"), 1);
  assert.equal(isDrained, false);
  assert.equal(echo.from.size, 1);
  clock.advance(15_100);
  await drained;
  assert.equal(await client.isAnswered(), false);
});

test("a listener that leaves keeps its sessions, until another one wants the port", async () => {
  using echo = await Echo.open("echo");
  using next = await Echo.open("next");
  const [port] = await findFreePorts(1);
  const units = streamUnits(udp([echo.port], { port }));
  await using gateway = await Gateway.open(units);
  using client = new Client(port);
  assert.equal(await client.ask(), "echo");
  await gateway.apply(units.filter(({ kind }) => kind !== "listener"));
  assert.equal(await client.ask(), "echo");
  await gateway.apply([]);
  assert.equal(await client.ask(), "echo");
  assert.equal(echo.from.size, 1);
  await gateway.apply(streamUnits(udp([next.port], { port, address: "::", name: "other" })));
  assert.equal(gateway.report!.listeners[0].error, null);
  assert.equal(await client.ask(), "next");
});

/** A name whose port belongs to that slot of two. */
const nameOf = (slot: number): string =>
  Array.from({ length: 100 }, (_, i) => `udp${i}`).find((name) => hashText(name) % 2 === slot)!;

test("a worker that crashes leaves its ports to its successor: their sessions begin anew, those of others go on", async () => {
  using echo = await Echo.open("echo");
  const [httpPort, ...ports] = await findFreePorts(3);
  const crash = routeUnit(
    "default/crash",
    [ANY_HOST],
    [defaultRule({ filters: [{ name: "crash", config: null }], backends: [] })],
  );
  const http = unitsOf({ endpoints: [], port: httpPort }).filter(({ kind }) => kind === "listener");
  const shapes = ports.map((port, slot) => streamUnits(udp([echo.port], { port, name: nameOf(slot) })));
  const listeners = shapes.map((units) => units[0]) as Unit[];
  const units = [...http, crash, ...listeners, ...shapes[0].slice(1)];
  await using gateway = await Gateway.open(units, {
    workers: 2,
    workerEntry: new URL("./worker-entry.suite.ts", import.meta.url),
  });
  using first = new Client(ports[0]);
  using second = new Client(ports[1]);
  await first.ask();
  await second.ask();
  assert.equal(echo.from.size, 2);
  await using victim = await connectRaw(httpPort);
  victim.send(get("/"));
  await gateway.becomes(
    "it is replaced",
    () => gateway.registry.workerRestarts === 1 && gateway.registry.workers.length === 2,
    20_000,
  );
  assert.deepEqual([await first.ask(), await second.ask()], ["echo", "echo"]);
  assert.equal(echo.from.size, 3, "one of the two sessions is a new one");
  const count = (cell: number): number => {
    let sum = 0;
    gateway.registry.visit("listener", (key, cells) => (sum += key.startsWith("udp") ? cells[cell] : 0));
    return sum;
  };
  await gateway.becomes("it is counted", () => count(LISTENER.connectionsOpened) === 3);
  assert.equal(count(LISTENER.connectionsClosed), 1);
});
