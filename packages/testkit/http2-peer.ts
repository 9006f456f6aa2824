import { once } from "node:events";
import http2 from "node:http2";
import type net from "node:net";
import type tls from "node:tls";
import { listenOnFreePort } from "./open-port.ts";

/** Node refuses streams of a session that holds more than 10 MB, bodies that a test has not written yet included. */
const LARGE = { maxSessionMemory: 1_000 };

/** Answers one stream; an exception resets it. */
export type Http2Answer = (
  stream: http2.ServerHttp2Stream,
  headers: http2.IncomingHttpHeaders,
) => void | Promise<void>;

export interface Http2ServerOptions {
  readonly tls?: tls.TlsOptions;
  readonly settings?: http2.Settings;
  readonly host?: string;
}

export interface Http2Server {
  readonly port: number;
  /** Sessions that are open now, the oldest first. */
  readonly sessions: readonly http2.ServerHttp2Session[];
  /** Sessions and streams since the start. */
  sessionCount: number;
  streamCount: number;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** An HTTP/2 backend of Node's own: by prior knowledge, or over TLS with ALPN (which it answers HTTP/1.1 by, too). */
export async function openHttp2Server(
  answer: Http2Answer,
  options: Http2ServerOptions = {},
): Promise<Http2Server> {
  const { settings = {} } = options;
  const sessions: http2.ServerHttp2Session[] = [];
  const sockets = new Set<net.Socket>();
  const server =
    options.tls === undefined
      ? http2.createServer({ settings, ...LARGE })
      : http2.createSecureServer({ ...options.tls, settings, ...LARGE });
  server.on(options.tls === undefined ? "connection" : "secureConnection", (socket: net.Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
  });
  server.on("session", (session) => {
    opened.sessionCount++;
    sessions.push(session);
    session.on("close", () => sessions.splice(sessions.indexOf(session), 1));
    session.on("error", () => {});
  });
  server.on("stream", (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => {
    opened.streamCount++;
    stream.on("error", () => {});
    Promise.resolve(answer(stream, headers)).catch(() =>
      stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR),
    );
  });
  const port = await listenOnFreePort(server, options.host ?? "127.0.0.1");
  const close = async () => {
    for (const session of sessions.slice()) session.destroy();
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  const opened: Http2Server = {
    port,
    sessions,
    sessionCount: 0,
    streamCount: 0,
    close,
    [Symbol.asyncDispose]: close,
  };
  return opened;
}

export interface Http2Response {
  readonly status: number;
  readonly headers: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader;
  readonly body: Buffer;
  readonly trailers: http2.IncomingHttpHeaders;
  /** 1xx that came before, as their headers. */
  readonly informational: http2.IncomingHttpHeaders[];
}

export interface Http2RequestOptions {
  readonly body?: string | Uint8Array;
  readonly trailers?: http2.OutgoingHttpHeaders;
}

/** A session of Node's own HTTP/2 client. */
export class Http2Client {
  readonly session: http2.ClientHttp2Session;
  /** Codes of GOAWAY frames that came. */
  readonly goaways: number[] = [];

  constructor(session: http2.ClientHttp2Session) {
    this.session = session;
    session.on("goaway", (code) => this.goaways.push(code));
    session.on("error", () => {});
  }

  /** Sends a request, and resolves with the whole response. Rejects when the stream is reset. */
  async request(
    headers: http2.OutgoingHttpHeaders,
    options: Http2RequestOptions = {},
  ): Promise<Http2Response> {
    const { body, trailers } = options;
    const stream = this.open(headers, body === undefined && trailers === undefined);
    if (trailers !== undefined) {
      stream.on("wantTrailers", () => stream.sendTrailers(trailers));
    }
    if (body !== undefined || trailers !== undefined) stream.end(body ?? "");
    return readHttp2Response(stream);
  }

  /** Opens a stream; `authority` is a.example unless `headers` say otherwise. */
  open(headers: http2.OutgoingHttpHeaders, endStream: boolean): http2.ClientHttp2Stream {
    const all = { ":authority": "a.example", ...headers };
    return this.session.request(all, {
      endStream,
      waitForTrailers: !endStream,
    } as http2.ClientSessionRequestOptions);
  }

  async close(): Promise<void> {
    if (this.session.destroyed) return;
    const closed = once(this.session, "close");
    this.session.destroy();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Everything that a stream answers. Rejects when it is reset. */
export async function readHttp2Response(stream: http2.ClientHttp2Stream): Promise<Http2Response> {
  const informational: http2.IncomingHttpHeaders[] = [];
  let trailers: http2.IncomingHttpHeaders = {};
  stream.on("headers", (headers) => informational.push(headers));
  stream.on("trailers", (headers) => (trailers = headers));
  const chunks: Buffer[] = [];
  return new Promise((resolve, reject) => {
    let headers: Http2Response["headers"] = {};
    stream.on("response", (head) => (headers = head));
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", reject);
    stream.on("close", () => {
      if (stream.rstCode !== 0) {
        reject(new Error(`stream reset with code ${stream.rstCode}`));
        return;
      }
      const status = headers[":status"];
      if (status === undefined) reject(new Error("stream closed without a response"));
      else resolve({ status, headers, body: Buffer.concat(chunks), trailers, informational });
    });
  });
}

export interface ConnectHttp2Options {
  readonly tls?: tls.ConnectionOptions;
  readonly settings?: http2.Settings;
  readonly host?: string;
}

/** Connects by prior knowledge, or over TLS with ALPN h2. */
export async function connectHttp2(port: number, options: ConnectHttp2Options = {}): Promise<Http2Client> {
  const { host = "127.0.0.1", settings = {}, tls } = options;
  const scheme = tls === undefined ? "http" : "https";
  const session = http2.connect(`${scheme}://${host}:${port}`, { ...tls, settings, ...LARGE });
  const client = new Http2Client(session);
  await once(session, "connect");
  // Node's own is a stream's: one that is not read would stop all others.
  session.setLocalWindowSize(16 * 1_048_576);
  return client;
}
