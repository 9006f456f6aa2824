import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "@heddle/testkit";
import { TimerWheel } from "../base/index.ts";
import { DEFAULT_LISTENER_SETTINGS } from "../model/index.ts";
import { DatagramListener } from "./datagram-listener.ts";
import type { DatagramFlow } from "./datagram-listener.ts";

interface FakeFlow extends DatagramFlow {
  readonly client: string;
  readonly sent: string[];
  isCurrent: boolean;
  isClosed: boolean;
  reply(text: string): void;
  fail(): void;
}

async function setUp(settings: { udpIdleMs?: number; maxUdpSessions?: number } = {}) {
  const clock = new FakeClock();
  const wheel = new TimerWheel(clock);
  const flows: FakeFlow[] = [];
  const counts = { opened: 0, closed: 0, refused: 0, dropped: 0, in: 0, out: 0 };
  const listener = new DatagramListener({
    address: "127.0.0.1",
    port: 0,
    descriptor: null,
    clock,
    wheel,
    settings: { ...DEFAULT_LISTENER_SETTINGS, udpIdleMs: 30_000, ...settings },
    handler: {
      idleMs: 0,
      open(peer, reply, failed) {
        const flow: FakeFlow = {
          client: `${peer.address}:${peer.port}`,
          sent: [],
          isCurrent: true,
          isClosed: false,
          send: (bytes) => flow.sent.push(String(bytes)) > 0,
          close: () => (flow.isClosed = true),
          reply: (text) => reply(Buffer.from(text)),
          fail: failed,
        };
        flows.push(flow);
        return flow;
      },
    },
    observer: {
      onSessionOpened: () => counts.opened++,
      onSessionClosed: () => counts.closed++,
      onSessionRefused: () => counts.refused++,
      onDatagram: (isFromClient) => counts[isFromClient ? "in" : "out"]++,
      onDropped: () => counts.dropped++,
    },
  });
  await listener.open();
  /** A datagram of a client of that port. */
  const say = (text: string, port: number = 1_000, address: string = "192.0.2.1"): void =>
    listener.onDatagram(Buffer.from(text), address, port);
  return {
    clock,
    listener,
    flows,
    counts,
    say,
    async [Symbol.asyncDispose]() {
      await listener.drain(0);
      assert.equal(counts.opened, counts.closed);
      wheel.close();
    },
  };
}

test("a session is a client's address and port, IPv6 as IPv4, and ends when nothing comes either way", async () => {
  await using udp = await setUp();
  const { clock, flows, counts, say } = udp;
  say("a");
  say("b", 1_000, "2001:db8::1");
  say("c", 1_001);
  say("d");
  assert.deepEqual(
    flows.map(({ client, sent }) => [client, ...sent]),
    [
      ["192.0.2.1:1000", "a", "d"],
      ["2001:db8::1:1000", "b"],
      ["192.0.2.1:1001", "c"],
    ],
  );
  clock.advance(20_000);
  flows[1].reply("answer");
  say("e");
  clock.advance(10_100);
  assert.deepEqual(
    flows.map(({ isClosed }) => isClosed),
    [false, false, true],
  );
  clock.advance(20_000);
  assert.deepEqual(
    flows.map(({ isClosed }) => isClosed),
    [true, true, true],
  );
  assert.deepEqual(counts, { opened: 3, closed: 3, refused: 0, dropped: 0, in: 5, out: 1 });
  say("f");
  assert.equal(flows.length, 4);
});

test("where there are too many the one that is idle longest gives way, unless it was busy within a second", async () => {
  await using udp = await setUp({ maxUdpSessions: 2 });
  const { clock, flows, counts, say } = udp;
  say("a", 1);
  clock.advance(600);
  say("b", 2);
  clock.advance(399);
  say("refused", 3);
  assert.deepEqual([flows.length, counts.refused, counts.dropped], [2, 1, 1]);
  clock.advance(1);
  say("c", 3);
  assert.deepEqual(
    flows.map(({ isClosed }) => isClosed),
    [true, false, false],
  );
  clock.advance(1_000);
  // An answer counts as a datagram.
  flows[1].reply("late");
  say("d", 4);
  assert.deepEqual(
    flows.map(({ isClosed }) => isClosed),
    [true, false, true, false],
  );
});

test("a session whose way is left behind, or has failed, begins anew with the next datagram", async () => {
  await using udp = await setUp();
  const { flows, counts, say } = udp;
  say("a");
  flows[0].isCurrent = false;
  say("b");
  flows[1].fail();
  say("c");
  assert.deepEqual(
    flows.map(({ sent, isClosed }) => [...sent, isClosed]),
    [
      ["a", true],
      ["b", true],
      ["c", false],
    ],
  );
  assert.equal(counts.opened, 3);
});

test("a drain lets sessions go on until they are idle, and takes no new ones", async () => {
  await using udp = await setUp();
  const { clock, listener, flows, counts, say } = udp;
  say("a", 1);
  say("b", 2);
  let isDrained = false;
  const drained = listener.drain(300_000).then(() => (isDrained = true));
  say("new", 3);
  assert.deepEqual([counts.refused, counts.dropped], [1, 1]);
  for (let i = 0; i < 5; i++) {
    clock.advance(20_000);
    // Where its endpoint has left, there is no other for it.
    flows[0].isCurrent = false;
    say("still", 1);
    flows[0].reply("answered");
  }
  assert.deepEqual([flows[0].isClosed, flows[1].isClosed, isDrained], [false, true, false]);
  assert.equal(flows[0].sent.length, 6);
  clock.advance(30_100);
  await drained;
  assert.equal(listener.sessionCount, 0);
  assert.equal(clock.pendingTimers, 0);
});

test("the end of a drain's time ends what still goes on; asked again it takes the new time", async () => {
  await using udp = await setUp();
  const { clock, listener, flows, say } = udp;
  say("a");
  const first = listener.drain(25_000);
  clock.advance(10_000);
  say("b");
  const second = listener.drain(5_000);
  clock.advance(4_999);
  assert.equal(flows[0].isClosed, false);
  clock.advance(1);
  await Promise.all([first, second]);
  assert.equal(flows[0].isClosed, true);
});
