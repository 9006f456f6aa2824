import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import http from "node:http";
import type net from "node:net";
import { after, before, describe, test } from "node:test";
import {
  becomesTrue,
  connectHttp2,
  connectRaw,
  listenOnFreePort,
  startHeddle,
  type RawConnection,
  type RunningHeddle,
} from "@heddle/testkit";

const QUOTA = 4;

/** Behind the limit: it breaks what it is told to. */
const filter = `
import { defineFilter } from "@heddle/filters/define";
import { Type } from "typebox";
export default defineFilter({
  name: "breaks",
  schema: Type.Object({}),
  create() {
    const at = (exchange, place) => {
      if (exchange.request.path === "/throws/" + place) throw new Error("on purpose");
    };
    return {
      requestHead(exchange) {
        at(exchange, "head");
        if (exchange.request.path === "/throws/thread") process.exit(1);
      },
      requestBody: { mode: "observe", chunk: (exchange) => at(exchange, "request-body") },
      responseHead: (exchange) => at(exchange, "response"),
      responseBody: { mode: "observe", chunk: (exchange) => at(exchange, "response-body") },
      end: (exchange) => at(exchange, "end"),
    };
  },
});
`;

const configuration = (port: number, backend: number): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec: { gatewayClassName: heddle, listeners: [{ name: http, protocol: HTTP, port: ${port} }] }
---
apiVersion: heddle.dev/v1alpha1
kind: RateLimitPolicy
metadata: { name: places }
spec:
  targetRefs: [{ kind: Gateway, name: edge }]
  limits: [{ name: places, concurrency: { quota: ${QUOTA} } }]
---
apiVersion: heddle.dev/v1alpha1
kind: Filter
metadata: { name: breaks }
spec: { module: ./breaks.ts }
---
apiVersion: heddle.dev/v1alpha1
kind: Backend
metadata: { name: app }
spec: { url: "http://127.0.0.1:${backend}" }
---
apiVersion: heddle.dev/v1alpha1
kind: Backend
metadata: { name: nobody }
spec: { url: "http://127.0.0.1:1" }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: all }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - backendRefs: [{ group: heddle.dev, kind: Backend, name: app }]
    - matches: [{ path: { value: /late } }]
      timeouts: { request: 200ms }
      backendRefs: [{ group: heddle.dev, kind: Backend, name: app }]
    - matches: [{ path: { value: /nobody } }]
      backendRefs: [{ group: heddle.dev, kind: Backend, name: nobody }]
    - matches: [{ path: { value: /throws } }]
      filters: [{ type: ExtensionRef, extensionRef: { group: heddle.dev, kind: Filter, name: breaks } }]
      backendRefs: [{ group: heddle.dev, kind: Backend, name: app }]
`;

/** Does with a request what its path says. */
function serve(request: http.IncomingMessage, response: http.ServerResponse): void {
  const path = request.url!.split("?")[0]!;
  if (path === "/reset") request.socket.resetAndDestroy();
  else if (path === "/broken") response.write("x".repeat(100), () => request.socket.resetAndDestroy());
  else if (path === "/started" || path === "/late/body") response.write("x");
  else if (path === "/hold" || path === "/late") request.resume();
  else request.resume().on("end", () => response.end("done"));
}

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

function upgrade(request: http.IncomingMessage, socket: net.Socket): void {
  const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"]}${GUID}`).digest("base64");
  socket.on("error", () => {});
  socket.on("end", () => socket.end());
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  socket.resume();
  if (request.url === "/ws/ends") socket.end();
  if (request.url === "/ws/resets") socket.once("data", () => socket.resetAndDestroy());
}

const get = (path: string, more: string = "") => `GET ${path} HTTP/1.1\r\nHost: a.test\r\n${more}\r\n`;
const post = (path: string) => `POST ${path} HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100\r\n\r\nhalf`;
const webSocket = (path: string) =>
  get(
    path,
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
  );

/** Sends `text`, waits for `until`, and leaves as `leave` says. */
const raw =
  (text: string, until: RegExp | null, leave: (client: RawConnection) => void = (client) => client.end()) =>
  async (port: number): Promise<void> => {
    await using client = await connectRaw(port);
    client.send(text);
    if (until !== null) await client.receiveUntil(until);
    leave(client);
    await client.closed;
  };
const resets = (client: RawConnection): void => client.reset();

/** A stream of HTTP/2, which `leave` ends after the head of the response, or at once. */
const stream =
  (path: string, waits: boolean, leave: (stream: ReturnType<typeof openStream>) => void) =>
  async (port: number): Promise<void> => {
    await using client = await connectHttp2(port);
    const opened = openStream(client, path);
    const over = new Promise((resolve) => opened.on("close", resolve));
    if (waits) await new Promise((resolve) => opened.on("response", resolve));
    else await client.request({ ":path": "/ok" });
    leave(opened);
    await over;
  };
const openStream = (client: Awaited<ReturnType<typeof connectHttp2>>, path: string) =>
  client
    .open({ ":path": path }, true)
    .on("error", () => {})
    .resume();
const CANCEL = 8;

/** A connection's beginning and one request, in octets: Node's own client stays half open when it is told to close. */
function openedStream(path: string): string {
  const literal = (index: string, value: string) => `${index}${String.fromCharCode(value.length)}${value}`;
  // GET and http of HPACK's static table, :path and :authority by their names there (RFC 7541 appendix A).
  const head = `\x82\x86${literal("\x04", path)}${literal("\x01", "a.test")}`;
  const frame = (type: string, flags: string, id: string, payload: string) =>
    `\0\0${String.fromCharCode(payload.length)}${type}${flags}\0\0\0${id}${payload}`;
  return `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${frame("\x04", "\0", "\0", "")}${frame("\x01", "\x05", "\x01", head)}`;
}

const ends: Readonly<Record<string, (port: number) => Promise<void>>> = {
  "a response": raw(get("/ok"), /done/),
  "a response to a body": raw(`${post("/ok")}${"x".repeat(96)}`, /done/),
  "a client that leaves before the response": raw(get("/hold"), null, resets),
  "a client that leaves within the response": raw(get("/started"), /\r\n\r\n/, resets),
  "a client that leaves within its own body": raw(post("/hold"), null, resets),
  "a client that ends within its own body": raw(post("/hold"), null),
  "a backend that resets before it answers": raw(get("/reset"), /^HTTP\/1.1 50[0-9][^]*\r\n\r\n/),
  "a backend that resets within its body": raw(get("/broken"), /\r\n\r\n/),
  "a backend that nobody is at": raw(get("/nobody"), /^HTTP\/1.1 50[0-9]/),
  "a time that is over before the response": raw(get("/late"), /^HTTP\/1.1 504/),
  "a time that is over within the response": raw(get("/late/body"), /\r\n\r\n[^]*x/),
  "a filter that throws for the head": raw(get("/throws/head"), /^HTTP\/1.1 500/),
  "a filter that throws for the request's body": raw(post("/throws/request-body"), /^HTTP\/1.1 500/),
  "a filter that throws for the response": raw(get("/throws/response"), /^HTTP\/1.1 500/),
  "a filter that throws for the response's body": raw(get("/throws/response-body"), /^HTTP\/1.1/),
  "a filter that throws at the end": raw(get("/throws/end"), /done/),
  "a WebSocket that its client ends": raw(webSocket("/ws"), /^HTTP\/1.1 101[^]*\r\n\r\n/),
  "a WebSocket that its client resets": raw(webSocket("/ws"), /^HTTP\/1.1 101[^]*\r\n\r\n/, resets),
  "a WebSocket that its backend ends": raw(webSocket("/ws/ends"), /^HTTP\/1.1 101[^]*\r\n\r\n/),
  "a WebSocket that its backend resets": raw(
    webSocket("/ws/resets"),
    /^HTTP\/1.1 101[^]*\r\n\r\n/,
    (client) => {
      client.send("frame");
      client.end();
    },
  ),
  "a stream that is reset before the response": stream("/hold", false, (one) => one.close(CANCEL)),
  "a stream that is reset within the response": stream("/started", true, (one) => one.close(CANCEL)),
  "a connection that breaks under its streams": raw(openedStream("/started"), /x$/, resets),
  "a thread that ends": raw(get("/throws/thread"), null),
};

describe("a place among the concurrent is given back, whatever ends an exchange", () => {
  const backend = http
    .createServer(serve)
    .on("upgrade", upgrade)
    .on("clientError", () => {});
  let heddle: RunningHeddle;
  let port = 0;

  before(async () => {
    const behind = await listenOnFreePort(backend);
    heddle = await startHeddle({
      files: ({ http: listener }) => {
        port = listener;
        return { "gateway.yaml": configuration(listener, behind), "breaks.ts": filter };
      },
      args: ["--workers", "2"],
    });
  });
  after(async () => {
    await heddle[Symbol.asyncDispose]();
    backend.closeAllConnections();
    backend.close();
  });

  /** How many places are left beside the one that asks; -1: none is. */
  async function placesLeft(): Promise<number> {
    try {
      const { headers } = await fetch(`${heddle.urls.http}/ok`, { headers: { connection: "close" } });
      return Number(/"places";r=([0-9]+)/.exec(headers.get("ratelimit") ?? "")?.[1] ?? -1);
    } catch {
      return -1;
    }
  }

  test("an exchange that goes on has one, so that what follows can fail", async () => {
    const held = await Promise.all([1, 2, 3].map(() => connectRaw(port)));
    for (const client of held) client.send(get("/hold"));
    assert.ok(await becomesTrue(async () => (await placesLeft()) === QUOTA - 4, 20_000));
    for (const client of held) client.reset();
    assert.ok(await becomesTrue(async () => (await placesLeft()) === QUOTA - 1, 20_000));
  });

  for (const [name, run] of Object.entries(ends)) {
    test(name, async () => {
      for (let times = 0; times < 3; times++) {
        await run(port);
        let left = 0;
        await becomesTrue(async () => (left = await placesLeft()) === QUOTA - 1, 20_000);
        assert.equal(left, QUOTA - 1);
      }
    });
  }
});
