import { createHash } from "node:crypto";
import http from "node:http";
import https from "node:https";
import type net from "node:net";
import type tls from "node:tls";
import { listenOnFreePort } from "./open-port.ts";

/** What the echo server saw of a request, as it answers it. */
export interface Echo {
  servedBy: string;
  /** Number of the connection that the request came by, counted from 0. */
  connection: number;
  method: string;
  url: string;
  httpVersion: string;
  /** Names and values in order, as they were written. */
  headers: [name: string, value: string][];
  trailers: [name: string, value: string][];
  bodyLength: number;
  /** In hex. */
  bodySha256: string;
}

export interface EchoServerOptions {
  /** Told in `servedBy`. Default `echo`. */
  name?: string;
  /** Default 127.0.0.1. */
  host?: string;
  /** Serves HTTPS with these options. */
  tls?: tls.TlsOptions;
}

export interface EchoServer {
  name: string;
  port: number;
  url: string;
  /** Requests answered so far. */
  requestCount: number;
  connectionCount(): Promise<number>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Opens an HTTP/1.1 backend that answers 200 with what it saw, as JSON; see `Echo`. */
export async function openEchoServer(options: EchoServerOptions = {}): Promise<EchoServer> {
  const name = options.name ?? "echo";
  const host = options.host ?? "127.0.0.1";
  const serials = new WeakMap<net.Socket, number>();
  let nextSerial = 0;
  const onRequest = (request: http.IncomingMessage, response: http.ServerResponse) => {
    opened.requestCount += 1;
    answerWithEcho(request, response, name, serials.get(request.socket) ?? -1);
  };
  const server = options.tls ? https.createServer(options.tls, onRequest) : http.createServer(onRequest);
  server.on(options.tls ? "secureConnection" : "connection", (socket: net.Socket) => {
    serials.set(socket, nextSerial++);
  });
  const port = await listenOnFreePort(server, host);
  const close = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  const opened: EchoServer = {
    name,
    port,
    url: `${options.tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${port}`,
    requestCount: 0,
    connectionCount: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
    close,
    [Symbol.asyncDispose]: close,
  };
  return opened;
}

function answerWithEcho(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  servedBy: string,
  connection: number,
): void {
  const hash = createHash("sha256");
  let bodyLength = 0;
  request.on("data", (chunk: Buffer) => {
    hash.update(chunk);
    bodyLength += chunk.length;
  });
  request.on("end", () => {
    const echo: Echo = {
      servedBy,
      connection,
      method: request.method ?? "",
      url: request.url ?? "",
      httpVersion: request.httpVersion,
      headers: pairs(request.rawHeaders),
      trailers: pairs(request.rawTrailers),
      bodyLength,
      bodySha256: hash.digest("hex"),
    };
    const body = JSON.stringify(echo);
    response.writeHead(200, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      "served-by": servedBy,
    });
    response.end(body);
  });
}

function pairs(flat: readonly string[]): [string, string][] {
  const list: [string, string][] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) list.push([flat[at] ?? "", flat[at + 1] ?? ""]);
  return list;
}
