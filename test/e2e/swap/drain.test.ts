import assert from "node:assert/strict";
import type net from "node:net";
import { test } from "node:test";
import { becomesTrue, connectRaw, startHeddle } from "@heddle/testkit";
import { plainSite } from "../hostile/setup/resources.ts";
import { OK, openUpstream } from "../hostile/setup/upstream.ts";
import { loopRequests } from "./client.ts";

const CLIENTS = 16;
const SLOW = 8;

test("SIGTERM under load: what is in flight is answered whole, nothing is reset, exit code 0", async () => {
  const held: net.Socket[] = [];
  await using upstream = await openUpstream((request, socket) => {
    if (request.target !== "/slow") return OK;
    held.push(socket);
    return "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf";
  });
  await using heddle = await startHeddle({
    files: ({ http }) => ({ "site.yaml": plainSite(http, upstream.port) }),
    args: ["--workers", "2"],
  });
  let answers = 0;
  const check = (head: string, body: string) => {
    answers += 1;
    return head.startsWith("HTTP/1.1 200 ") && body === "ok" ? "" : `${head}${body}`;
  };
  const loops = Array.from({ length: CLIENTS }, () =>
    loopRequests({ port: heddle.ports.http, target: "/", check, isOver: () => false }),
  );
  const slow = await Promise.all(Array.from({ length: SLOW }, () => connectRaw(heddle.ports.http)));
  for (const client of slow) client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.ok(await becomesTrue(() => held.length === SLOW && answers > 200, 20_000), `${held.length}`);

  heddle.kill("SIGTERM");
  const reports = await Promise.all(loops);
  for (const socket of held) socket.write("rest");
  for (const client of slow) {
    assert.match(await client.receiveToEnd(), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nhalfrest$/);
    client.end();
    assert.equal(await client.closed, "end");
  }
  for (const report of reports) {
    assert.deepEqual(report.problems, []);
    assert.equal(report.hasEnded, true);
  }
  assert.deepEqual(await heddle.ended, { code: 0, signal: null }, heddle.stderr());
});

test("a second SIGTERM under load ends at once", async () => {
  await using upstream = await openUpstream(() => undefined);
  await using heddle = await startHeddle({
    files: ({ http }) => ({ "site.yaml": plainSite(http, upstream.port) }),
    args: ["--workers", "2"],
  });
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => connectRaw(heddle.ports.http)));
  for (const client of clients) client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.ok(await becomesTrue(() => upstream.requests.length === CLIENTS, 20_000));
  heddle.kill("SIGTERM");
  assert.ok(await becomesTrue(() => heddle.stderr().includes("again to end at once"), 20_000));
  const from = performance.now();
  heddle.kill("SIGTERM");
  assert.deepEqual(await heddle.ended, { code: 143, signal: null });
  assert.ok(performance.now() - from < 20_000, "long before the 30 s of the drain");
  await Promise.all(clients.map((client) => client.close()));
});
