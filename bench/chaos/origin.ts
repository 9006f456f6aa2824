/**
 * An origin that misbehaves when told to, as a process of its own: `node origin.ts HOST PORT FILE`. Each line on its
 * standard input is an order (see Order), answered with the number of requests since the one before, health checks
 * apart; it ends when its standard input does. The id of each
 * POST is noted in FILE before it is answered, so that one that comes twice shows. `/healthz` is well but for what
 * slows or stops the whole process: the faults that health checks cannot see are the ones to find out.
 */
import { appendFileSync } from "node:fs";
import http from "node:http";
import type net from "node:net";
import { createInterface } from "node:readline";
import { bodyOf, hashOf } from "./body.ts";

/** What an origin can be told to do with requests. */
export type Manner =
  | "well"
  /** 503 to all */
  | "errors"
  /** RST within the response's head */
  | "resets-head"
  /** RST in the middle of the body */
  | "resets-body"
  /** announces more than it sends, and closes */
  | "announces-more"
  /** sends more than it announces: what is too much looks like another answer */
  | "announces-less"
  /** answers in octets that are no HTTP */
  | "junk";

export interface Order {
  manner: Manner;
  /** before each answer, health checks included */
  delayMs: number;
  /** idle connections are closed at random, one each so many milliseconds; 0: never */
  closeIdleEveryMs: number;
}

const [host = "127.0.0.1", port = "0", file = ""] = process.argv.slice(2);
const idle = new Set<net.Socket>();
let order: Order = { manner: "well", delayMs: 0, closeIdleEveryMs: 0 };
let closing: NodeJS.Timeout | undefined;
let handled = 0;

const server = http.createServer({ keepAlive: true, keepAliveTimeout: 3_600_000 }, (request, response) => {
  idle.delete(request.socket);
  response.on("finish", () => idle.add(request.socket));
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    if (request.method === "POST") appendFileSync(file, `${String(request.headers["x-id"])}\n`);
    const answerIt = () => answer(request, response, Buffer.concat(chunks));
    if (order.delayMs === 0) answerIt();
    else setTimeout(answerIt, order.delayMs);
  });
});
server.on("connection", (socket) => {
  socket.on("close", () => idle.delete(socket));
  socket.on("error", () => {});
});

function answer(request: http.IncomingMessage, response: http.ServerResponse, sent: Buffer): void {
  const { url = "" } = request;
  const body = request.method === "POST" ? Buffer.from(hashOf(sent)) : bodyOf(Number(url.split("/")[2] ?? 0));
  const isHealth = url === "/healthz";
  if (!isHealth) handled++;
  const { socket } = request;
  const head = (length: number) => `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n`;
  const half = body.subarray(0, body.length >> 1);
  switch (isHealth ? "well" : order.manner) {
    case "well":
      response.setHeader("content-length", body.length);
      response.end(body);
      break;
    case "errors":
      response.statusCode = 503;
      response.end("no");
      break;
    case "resets-head":
      socket.write(head(body.length), () => socket.resetAndDestroy());
      break;
    case "resets-body":
      socket.write(Buffer.concat([Buffer.from(`${head(body.length)}\r\n`), half]));
      // later, so that what was sent arrives before the RST overtakes it
      setTimeout(() => socket.resetAndDestroy(), 5);
      break;
    case "announces-more":
      socket.end(Buffer.concat([Buffer.from(`${head(body.length + 100)}\r\n`), body]));
      break;
    case "announces-less":
      socket.write(
        Buffer.concat([Buffer.from(`${head(body.length)}\r\n`), body, Buffer.from(`${head(5)}\r\nwrong`)]),
      );
      break;
    case "junk":
      socket.end("\u0000\u0001this is not HTTP\r\n\r\n");
      break;
  }
}

function obey(next: Order): void {
  order = next;
  clearInterval(closing);
  if (next.closeIdleEveryMs === 0) return;
  closing = setInterval(() => {
    const sockets = [...idle];
    sockets[Math.floor(Math.random() * sockets.length)]?.destroy();
  }, next.closeIdleEveryMs);
}

createInterface({ input: process.stdin })
  .on("line", (line) => {
    obey(JSON.parse(line) as Order);
    console.log(handled);
    handled = 0;
  })
  .on("close", () => process.exit(0));

server.listen(Number(port), host, 1_024, () => console.log("listening"));
