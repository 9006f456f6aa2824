import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import { after, before, describe, test } from "node:test";
import {
  becomesTrue,
  listenOnFreePort,
  makeCertificateAuthority,
  startHeddle,
  type RunningHeddle,
} from "@heddle/testkit";
import { WebSocket, WebSocketServer } from "ws";
import { openHttp2WebSocket } from "../../examples/shop/demo/web-socket.ts";
import { backend, certificate, gateway, route } from "../e2e/hostile/setup/resources.ts";

const BIG_BYTES = 1_000_000;

type Way = "HTTP/1.1" | "HTTP/1.1 over TLS" | "HTTP/2 over TLS";

describe("ws through Heddle", () => {
  let heddle: RunningHeddle<"http" | "https">;
  let ca = "";
  const site = http.createServer((_, response) => response.writeHead(404).end());
  const echo = new WebSocketServer({ server: site, path: "/echo", perMessageDeflate: true });
  echo.on("connection", (socket) => {
    socket.on("message", (data, isBinary) => {
      if (!isBinary && (data as Buffer).toString() === "leave") socket.close(4_002, "as you say");
      else socket.send(data, { binary: isBinary });
    });
  });

  before(async () => {
    const port = await listenOnFreePort(site);
    const authority = await makeCertificateAuthority();
    ca = authority.cert;
    const leaf = await authority.issue({ names: ["localhost"] });
    heddle = await startHeddle({
      ports: ["http", "https"],
      files: (ports) => ({
        "site.yaml": [
          gateway({ port: ports.http }),
          gateway({ gateway: "secure", port: ports.https, certificate: "leaf" }),
          certificate("leaf", leaf),
          backend("site", port),
          route({ name: "plain", backend: "site" }),
          route({ name: "secure", gateway: "secure", backend: "site" }),
        ].join(""),
      }),
      args: ["--workers", "2", "--access-log", "-"],
    });
  });
  after(async () => {
    await heddle?.stop();
    for (const client of echo.clients) client.terminate();
    echo.close();
    await new Promise((resolve) => site.close(resolve));
  });

  /** Rejects where it cannot be opened. */
  async function open(way: Way, target: string): Promise<WebSocket> {
    const secure = `wss://localhost:${heddle.ports.https}${target}`;
    if (way === "HTTP/2 over TLS") {
      const socket = await openHttp2WebSocket(secure, { ca });
      socket.resume();
      return socket;
    }
    const url = way === "HTTP/1.1" ? `ws://localhost:${heddle.ports.http}${target}` : secure;
    const socket = new WebSocket(url, { ca });
    await once(socket, "open");
    return socket;
  }

  /** How those came that have ended, as the access log has it. */
  const versions = (): string[] =>
    heddle
      .stdout()
      .split("\n")
      .filter((line) => line.includes('"path":"/echo"') && line.endsWith("}"))
      .map((line) => (JSON.parse(line) as { protocol: string }).protocol);

  async function reply(socket: WebSocket, sent: string | Buffer): Promise<Buffer> {
    socket.send(sent);
    const [data] = (await once(socket, "message")) as [Buffer];
    return data;
  }

  for (const way of ["HTTP/1.1", "HTTP/1.1 over TLS", "HTTP/2 over TLS"] as const) {
    test(`${way}: texts, binary messages, a ping, and an end of either side`, async () => {
      const before = versions().length;
      const socket = await open(way, "/echo");
      assert.equal((await reply(socket, "grüße")).toString(), "grüße");
      const big = randomBytes(BIG_BYTES);
      assert.ok((await reply(socket, big)).equals(big));
      socket.ping("are you there");
      const [pong] = (await once(socket, "pong")) as [Buffer];
      assert.equal(pong.toString(), "are you there");
      socket.send("leave");
      const [code, reason] = (await once(socket, "close")) as [number, Buffer];
      assert.deepEqual([code, reason.toString()], [4_002, "as you say"]);

      const other = await open(way, "/echo");
      const [server] = echo.clients;
      const left = once(server!, "close");
      other.close(4_001, "done");
      assert.equal((await once(other, "close"))[0], 4_001);
      assert.equal((await left)[0], 4_001);
      assert.ok(await becomesTrue(() => versions().length === before + 2, 20_000));
      const version = way === "HTTP/2 over TLS" ? "HTTP/2.0" : "HTTP/1.1";
      assert.deepEqual(versions().slice(before), [version, version]);
    });

    test(`${way}: a refusal of the service is its own`, async () => {
      await assert.rejects(open(way, "/nowhere"), /4\d\d/);
    });
  }

  test("HTTP/1.1: deflated messages are passed on as they are", async () => {
    const socket = await open("HTTP/1.1", "/echo");
    assert.match(socket.extensions, /permessage-deflate/);
    const text = "thread ".repeat(20_000);
    assert.equal((await reply(socket, text)).toString(), text);
    socket.close();
    await once(socket, "close");
  });
});
