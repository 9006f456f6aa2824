import net from "node:net";
import { listenOnFreePort } from "@heddle/testkit";

/** A request as it stood on the wire, in latin1: each character is one byte. */
export interface SeenRequest {
  /** Number of the connection, counted from 0. */
  connection: number;
  method: string;
  target: string;
  /** Names as they were written, in order. */
  fields: [name: string, value: string][];
  /** The body with its framing. */
  body: string;
}

export interface Upstream {
  port: number;
  requests: SeenRequest[];
  /** Every byte that ever came, connection by connection. */
  receivedText(): string;
  connectionCount(): Promise<number>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** What the upstream does for a request: bytes to send, or nothing where it acts on the socket itself. */
export type Answer = (request: SeenRequest, socket: net.Socket) => string | undefined;

/**
 * A raw origin that keeps every byte and reads requests one after the other off each connection, as a plain HTTP/1.1
 * server does: what was smuggled past the gateway would show up as one more request.
 */
export async function openUpstream(answer: Answer = () => OK): Promise<Upstream> {
  const received: string[] = [];
  const requests: SeenRequest[] = [];
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ noDelay: true }, (socket) => {
    const serial = received.push("") - 1;
    sockets.add(socket);
    let unread = "";
    socket.setEncoding("latin1");
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (text: string) => {
      received[serial] += text;
      unread += text;
      for (let taken = takeRequest(unread, serial); taken !== null; taken = takeRequest(unread, serial)) {
        unread = unread.slice(taken.length);
        requests.push(taken.request);
        const bytes = answer(taken.request, socket);
        if (bytes !== undefined) socket.write(bytes, "latin1");
      }
    });
  });
  const port = await listenOnFreePort(server);
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    port,
    requests,
    receivedText: () => received.join(""),
    connectionCount: () => Promise.resolve(sockets.size),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The value of the first field of this name, in any case. */
export function fieldOf(request: SeenRequest, name: string): string | undefined {
  return request.fields.find(([own]) => own.toLowerCase() === name)?.[1];
}

/** The first whole request in `text`, and how much of it that is. */
function takeRequest(text: string, connection: number): { request: SeenRequest; length: number } | null {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd === -1) return null;
  const [line = "", ...lines] = text.slice(0, headEnd).split("\r\n");
  const [method = "", target = ""] = line.split(" ");
  const fields = lines.map((field): [string, string] => {
    const colon = field.indexOf(":");
    return [field.slice(0, colon), field.slice(colon + 1).trim()];
  });
  const request: SeenRequest = { connection, method, target, fields, body: "" };
  const bodyEnd = findBodyEnd(text, headEnd + 4, request);
  if (bodyEnd === -1) return null;
  request.body = text.slice(headEnd + 4, bodyEnd);
  return { request, length: bodyEnd };
}

function findBodyEnd(text: string, start: number, request: SeenRequest): number {
  if (fieldOf(request, "upgrade") !== undefined) return text.length;
  if (fieldOf(request, "transfer-encoding") === undefined) {
    const end = start + Number(fieldOf(request, "content-length") ?? 0);
    return end <= text.length ? end : -1;
  }
  for (let at = start; ;) {
    const lineEnd = text.indexOf("\r\n", at);
    if (lineEnd === -1) return -1;
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    if (size === 0) {
      if (text.startsWith("\r\n", lineEnd + 2)) return lineEnd + 4;
      const end = text.indexOf("\r\n\r\n", lineEnd);
      return end === -1 ? -1 : end + 4;
    }
    at = lineEnd + 2 + size + 2;
  }
}
