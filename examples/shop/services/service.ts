import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";

/** What a handler answers: JSON, unless `body` is a string, which is sent as it is with its own content-type. */
export type Reply = { status?: number; headers?: Record<string, string>; body?: unknown };

export type Call = {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  /** Values of the `:name` segments, in the order of the pattern. */
  params: string[];
};

/** A handler returns a Reply, or nothing when it has taken the response over (a stream, a dropped connection). */
export type Route = [
  method: string,
  pattern: string,
  handle: (call: Call) => Reply | void | Promise<Reply | void>,
];

export type ServiceParts = {
  name: string;
  /** Tried in order; `*` as method or pattern matches anything. GET routes answer HEAD too. */
  routes: Route[];
  /** Sent with every response. */
  headers?: Record<string, string>;
  upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Ends what would keep the server open for ever: streams, WebSockets, waits. */
  stop?: () => void;
  /** Releases the database, after the last answer. */
  close: () => void;
};

export type RunningService = { port: number; close: () => Promise<void> };

/** A request that is the caller's mistake: answered with its status and `{"error": message}`. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const closeGraceMs = 2_000;

/** Serves a service on loopback and resolves once it listens. `port` 0 takes a free one. */
export async function serveService(parts: ServiceParts, port: number): Promise<RunningService> {
  const server = createServer((request, response) => void answer(parts, request, response));
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (parts.upgrade) parts.upgrade(request, socket, head);
    else socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  let closing: Promise<void> | undefined;
  return {
    port: (server.address() as AddressInfo).port,
    close: () => (closing ??= closeServer(server, parts)),
  };
}

function closeServer(server: Server, parts: ServiceParts): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(() => server.closeAllConnections(), closeGraceMs);
    server.close(() => {
      clearTimeout(deadline);
      parts.close();
      resolve();
    });
    parts.stop?.();
  });
}

async function answer(
  parts: ServiceParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.setHeader("x-powered-by", `heddle-shop/${parts.name}`);
  for (const [name, value] of Object.entries(parts.headers ?? {})) response.setHeader(name, value);
  try {
    const reply = await dispatch(parts, request, response);
    if (reply) send(response, reply);
  } catch (error) {
    if (!(error instanceof Refusal)) console.error(`${parts.name}: ${request.method} ${request.url}:`, error);
    if (response.headersSent) response.destroy();
    else if (error instanceof Refusal)
      send(response, { status: error.status, body: { error: error.message } });
    else send(response, { status: 500, body: { error: "the service failed, see its log" } });
  }
}

function dispatch(
  parts: ServiceParts,
  request: IncomingMessage,
  response: ServerResponse,
): Reply | void | Promise<Reply | void> {
  const target = request.url ?? "/";
  const url = URL.parse(target, "http://service.invalid");
  if (!url) throw new Refusal(400, "the request target is no URL");
  if (url.pathname === "/healthz") return { body: { ok: true, service: parts.name } };
  const method = request.method === "HEAD" ? "GET" : request.method;
  let pathIsKnown = false;
  for (const [routeMethod, pattern, handle] of parts.routes) {
    const params = matchPath(pattern, url.pathname);
    if (!params) continue;
    pathIsKnown = true;
    if (routeMethod === method || routeMethod === "*") return handle({ request, response, url, params });
  }
  if (pathIsKnown) throw new Refusal(405, `${request.method} is not served at ${url.pathname}`);
  throw new Refusal(404, `${parts.name} has nothing at ${url.pathname}`);
}

/** The values of the pattern's `:name` segments, or undefined when the path does not match. */
export function matchPath(pattern: string, path: string): string[] | undefined {
  if (pattern === "*") return [];
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return undefined;
  const params: string[] = [];
  for (const [index, segment] of wanted.entries()) {
    const value = given[index] ?? "";
    if (segment.startsWith(":") && value !== "") params.push(value);
    else if (segment !== value) return undefined;
  }
  return params;
}

function send(response: ServerResponse, reply: Reply): void {
  const isText = typeof reply.body === "string";
  const text = isText ? (reply.body as string) : `${JSON.stringify(reply.body ?? null)}\n`;
  response.writeHead(reply.status ?? 200, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    ...reply.headers,
  });
  response.end(text);
}
