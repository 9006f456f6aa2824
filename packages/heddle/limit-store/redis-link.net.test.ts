import assert from "node:assert/strict";
import net from "node:net";
import { test } from "node:test";
import { becomesTrue, FakeClock } from "@heddle/testkit";
import { RedisLink } from "./redis-link.ts";
import type { Reply } from "./resp-reader.ts";

/** A server that answers each command by `answer`, null for silence. */
async function openServer(answer: (command: string) => string | null) {
  const commands: string[] = [];
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => {});
    socket.setEncoding("utf8").on("data", (text: string) => {
      for (const part of text.split(/(?=\*\d+\r\n\$)/)) {
        const command = part.split("\r\n").filter((_, at) => at % 2 === 0 && at > 0).join(" ").trim(); // prettier-ignore
        commands.push(command);
        const reply = answer(command);
        if (reply !== null) socket.write(reply);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  const drop = () => sockets.forEach((socket) => socket.destroy());
  const close = async () => {
    drop();
    await new Promise((resolve) => server.close(resolve));
  };
  return { port, commands, sockets, drop, [Symbol.asyncDispose]: close };
}

const digest = "0123456789".repeat(4);

const plain = (command: string): string =>
  command.startsWith("SCRIPT")
    ? `$40\r\n${digest}\r\n`
    : command.startsWith("EVALSHA")
      ? ":7\r\n"
      : "+OK\r\n";

const open = (port: number, clock = new FakeClock(), credentials = {}) => {
  const address = { host: "127.0.0.1", port, database: 2, isTls: false };
  return new RedisLink(address, () => credentials, "return 1", clock);
};

const run = (link: RedisLink): Promise<Reply | null> => new Promise((resolve) => link.run([0], resolve));

test("it makes itself known, and what waited for that is run in its order", async () => {
  await using server = await openServer(plain);
  const link = open(server.port, new FakeClock(), { username: "u", password: "p" });
  assert.deepEqual(await Promise.all([run(link), run(link)]), [7, 7]);
  assert.deepEqual(server.commands, [
    "AUTH u p",
    "SELECT 2",
    "SCRIPT LOAD return 1",
    `EVALSHA ${digest} 0`,
    `EVALSHA ${digest} 0`,
  ]);
  link.giveUp();
});

test("lost, it is away at once and comes back after a pause, which grows", async () => {
  await using server = await openServer(plain);
  const clock = new FakeClock();
  const link = open(server.port, clock);
  assert.equal(await run(link), 7);
  for (const pauseMs of [100, 100]) {
    server.drop();
    assert.ok(await becomesTrue(() => link.isAway, 20_000));
    assert.equal(await run(link), null);
    clock.advance(pauseMs - 1);
    assert.equal(server.sockets.size, 0);
    clock.advance(1);
    assert.ok(
      await becomesTrue(() => !link.isAway, 20_000),
      "a good greeting makes the next pause short again",
    );
    assert.equal(await run(link), 7);
  }
  link.giveUp();
});

for (const refused of ["AUTH", "SELECT", "SCRIPT"]) {
  test(`refused at ${refused}, nothing is run, and what waited is told`, async () => {
    await using server = await openServer((command) =>
      command.startsWith(refused) ? "-ERR no\r\n" : plain(command),
    );
    const link = open(server.port, new FakeClock(), { password: "p" });
    assert.equal(await run(link), null);
    assert.ok(link.isAway);
    assert.ok(!server.commands.some((command) => command.startsWith("EVALSHA")));
  });
}

test("a server that says nothing is given up after its time", async () => {
  await using server = await openServer(() => null);
  const clock = new FakeClock();
  const link = open(server.port, clock);
  const waiting = run(link);
  assert.ok(await becomesTrue(() => server.commands.length > 0, 20_000));
  clock.advance(2_000);
  assert.equal(await waiting, null);
  assert.ok(link.isAway);
});

test("what is no Redis, or says more than it was asked, is left", async () => {
  for (const noise of ["HTTP/1.1 400 Bad Request\r\n\r\n", "+OK\r\n+OK\r\n+OK\r\n+OK\r\n"]) {
    await using server = await openServer(() => noise);
    const link = open(server.port);
    assert.equal(await run(link), null);
    assert.ok(link.isAway);
  }
});

test("nobody there: away, and tried again", async () => {
  const clock = new FakeClock();
  const link = open(1, clock);
  assert.equal(await run(link), null);
  assert.ok(link.isAway);
  assert.equal(clock.pendingTimers, 1);
});
