import { createHash } from "node:crypto";
import http from "node:http";
import type { Duplex } from "node:stream";
import { listenOnFreePort } from "@heddle/testkit";

export interface Seen {
  method: string;
  url: string;
  headers: http.IncomingHttpHeaders;
  body: string;
  /** Milliseconds, by `performance.now()`. */
  atMs: number;
}

/** A backend that fails as the query says, keeps what it saw, and speaks WebSocket. */
export interface MoodyServer {
  port: number;
  seen: Seen[];
  /** The requests that carried that `key`. */
  seenOf(key: string): Seen[];
  close(): Promise<void>;
}

const waysToFail: Record<string, (response: http.ServerResponse) => void> = {
  /** Never answers. */
  hang: () => {},
  reset: (response) => void response.socket?.resetAndDestroy(),
  /** Sends the head and half of the body, and no more. */
  stall: (response) => void response.writeHead(200, { "content-length": 10 }).write("12345"),
};

/**
 * `?key=K&fail=HOW&times=N`: the first N requests of the key fail in that way, a status or one of `waysToFail`; the
 * others get 200 with the number of the request. Without `fail` every request does. `&close` ends the connection after it.
 */
export async function openMoodyServer(): Promise<MoodyServer> {
  const seen: Seen[] = [];
  const seenOf = (key: string) =>
    seen.filter(({ url }) => new URL(url, "http://x").searchParams.get("key") === key);
  const server = http.createServer((request, response) => {
    const query = new URL(request.url ?? "", "http://x").searchParams;
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("error", () => {});
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      seen.push({ method, url, headers, body: Buffer.concat(chunks).toString(), atMs: performance.now() });
      const number = seenOf(query.get("key") ?? "").length;
      if (query.has("close")) response.shouldKeepAlive = false;
      const how = query.get("fail");
      if (how === null || number > Number(query.get("times"))) response.end(String(number));
      else if (how in waysToFail) waysToFail[how]!(response);
      else response.writeHead(Number(how)).end("failed");
    });
  });
  const tunnels = new Set<Duplex>();
  server.on("upgrade", (request: http.IncomingMessage, socket: Duplex) => {
    tunnels.add(socket.on("error", () => {}).on("close", () => tunnels.delete(socket)));
    serveWebSocket(request, socket);
  });
  const port = await listenOnFreePort(server);
  const close = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    for (const socket of tunnels) socket.destroy();
    await closed;
  };
  return { port, seen, seenOf, close };
}

/** Answers each text with itself (RFC 6455): enough for messages below 126 bytes that come whole. */
function serveWebSocket(request: http.IncomingMessage, socket: Duplex): void {
  const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  const key = String(request.headers["sec-websocket-key"]) + guid;
  const accept = createHash("sha1").update(key).digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  socket.on("data", (frame: Buffer) => {
    const length = frame[1]! & 0x7f;
    const mask = frame.subarray(2, 6);
    const payload = frame.subarray(6, 6 + length).map((byte, at) => byte ^ mask[at % 4]!);
    socket.write(Buffer.concat([Buffer.from([frame[0]!, length]), payload]));
    const isClose = (frame[0]! & 0x0f) === 8;
    if (isClose) socket.end();
  });
}
