import assert from "node:assert/strict";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { connectRaw, startHeddle } from "@heddle/testkit";
import { plainSite } from "./setup/resources.ts";
import { openUpstream } from "./setup/upstream.ts";

/** `address:port` of each TCP socket on which a process listens, and of each UDP socket that it has, by /proc. */
function listenersOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  const inodes = new Set(
    readdirSync(folder).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(path.join(folder, fd)))?.[1] ?? [];
      } catch {
        return [];
      }
    }),
  );
  const LISTEN = "0A";
  return ["tcp", "tcp6", "udp", "udp6"].flatMap((protocol) =>
    readFileSync(`/proc/${pid}/net/${protocol}`, "utf8")
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((columns) => inodes.has(columns[9] ?? ""))
      .filter((columns) => protocol.startsWith("udp") || columns[3] === LISTEN)
      .map((columns) => {
        const [address, port = ""] = (columns[1] ?? "").split(":");
        return `${protocol} ${address}:${Number.parseInt(port, 16)}`;
      }),
  );
}

const isLinux = { skip: process.platform === "linux" ? false : "reads /proc of Linux" };
const LOOPBACK = "0100007F";

test("after a default start only the API listens, on loopback (threats 32)", isLinux, async () => {
  await using heddle = await startHeddle();
  const port = new URL(heddle.api).port;
  assert.deepEqual([...new Set(listenersOf(heddle.pid))], [`tcp ${LOOPBACK}:${port}`]);
});

test("with a Gateway its listener is all that is added (threats 32)", isLinux, async () => {
  await using upstream = await openUpstream();
  await using heddle = await startHeddle({
    files: ({ http }) => ({ "site.yaml": plainSite(http, upstream.port) }),
    args: ["--workers", "2"],
  });
  const ports = [...new Set(listenersOf(heddle.pid).map((name) => name.split(":")[1]))].sort();
  assert.deepEqual(ports, [new URL(heddle.api).port, `${heddle.ports.http}`].sort());
});

test("the API answers loopback names alone, no other site's page, and writes nothing (threats 32, 34)", async () => {
  await using heddle = await startHeddle();
  const port = Number(new URL(heddle.api).port);
  const status = async (head: string) => {
    await using client = await connectRaw(port);
    client.send(`${head}\r\n\r\n`);
    return Number((await client.receiveUntil("\r\n\r\n")).slice(9, 12));
  };
  const get = (fields: string) => status(`GET /api/v1/namespaces HTTP/1.1\r\n${fields}`);
  for (const host of ["127.0.0.1", "localhost", "[::1]"]) {
    assert.equal(await get(`Host: ${host}:${port}`), 200, host);
  }
  const strange = "evil.test 127.0.0.1.evil.test localhost.evil.test 127.0.0.1@evil.test 10.0.0.1 0x7f000001";
  for (const host of strange.split(" ")) {
    assert.ok([400, 403, 421].includes(await get(`Host: ${host}:${port}`)), host);
  }
  for (const origin of [
    "http://evil.test",
    "null",
    "https://localhost.evil.test",
    "http://127.0.0.1.evil.test",
  ]) {
    assert.equal(await get(`Host: 127.0.0.1:${port}\r\nOrigin: ${origin}`), 403, origin);
  }
  const kinds = "apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes";
  const token = readFileSync(path.join(heddle.stateFolder, "token"), "utf8").trim();
  for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
    for (const credential of ["", `Authorization: Bearer wrong\r\n`, `Authorization: Bearer ${token}\r\n`]) {
      const seen = await status(
        `${method} /${kinds}/x HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${credential}Content-Length: 0`,
      );
      assert.ok(
        seen >= 400 && seen < 500,
        `${method} ${credential === "" ? "without" : "with"} a token: ${seen}`,
      );
    }
  }
  for (const wrong of [
    "",
    "Bearer ",
    "Bearer x",
    `Basic ${token}`,
    `Bearer ${token}x`,
    `Bearer ${token.slice(1)}`,
  ]) {
    await using client = await connectRaw(port);
    const authorization = wrong === "" ? "" : `Authorization: ${wrong}\r\n`;
    client.send(
      `GET /api/v1/secrets HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${authorization}Connection: close\r\n\r\n`,
    );
    assert.doesNotMatch(await client.receiveToEnd(), /^HTTP\/1\.1 200 [^]*"data"/, wrong);
  }
});
