/**
 * An origin for chaos tests, as a process of its own: `node origin.ts PORT FILE`. It answers GET and POST, notes the
 * id of each POST in FILE before it answers, closes idle connections at random, and breaks some GETs off within the
 * response's head.
 */
import { appendFileSync } from "node:fs";
import http from "node:http";
import type net from "node:net";

const [port, file = ""] = process.argv.slice(2);

const IDLE_CLOSE_EVERY_MS = 50;
const HEAD_RESETS = 0.01;

const idle = new Set<net.Socket>();

const server = http.createServer((request, response) => {
  idle.delete(request.socket);
  request.resume();
  if (request.method === "POST") appendFileSync(file, `${String(request.headers["x-id"])}\n`);
  if (request.method === "GET" && Math.random() < HEAD_RESETS) {
    request.socket.write("HTTP/1.1 200 OK\r\nContent-Le", () => request.socket.resetAndDestroy());
    return;
  }
  response.on("finish", () => idle.add(request.socket));
  response.setHeader("content-length", 2);
  response.end("ok");
});

server.on("connection", (socket) => socket.on("close", () => idle.delete(socket)));
setInterval(() => {
  const sockets = [...idle];
  sockets[Math.floor(Math.random() * sockets.length)]?.destroy();
}, IDLE_CLOSE_EVERY_MS).unref();

server.listen(Number(port), "127.0.0.1", () => console.log("listening"));
