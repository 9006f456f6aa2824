import http2 from "node:http2";
import http from "node:http";
import https from "node:https";
import { once } from "node:events";
import { makeCertificateAuthority } from "@heddle/testkit";

/** A request as every version of HTTP has it. */
export interface WayRequest {
  readonly method?: string;
  /** Default `/`. */
  readonly path?: string;
  /** Host, or :authority. Default shop.example. */
  readonly authority?: string;
  /** Names and values in turn; a name may come again. */
  readonly headers?: readonly string[];
  readonly body?: Uint8Array | string;
}

export interface WayAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Where a listener is, in clear text and over TLS. */
export interface WayPorts {
  readonly http: number;
  readonly https: number;
}

/** A way to say HTTP: one table of requests goes by all of them. */
export interface Way {
  readonly name: string;
  ask(ports: WayPorts, request: WayRequest): Promise<WayAnswer>;
}

export interface Ways extends AsyncDisposable {
  readonly all: readonly Way[];
  /** What the HTTPS listeners present. */
  readonly certificate: { readonly cert: string; readonly key: string };
}

const NAME = "shop.example";

/** HTTP/1.1 and HTTP/2, in clear text (by prior knowledge) and over TLS (by ALPN). HTTP/2 keeps its connections. */
export async function openWays(): Promise<Ways> {
  const authority = await makeCertificateAuthority();
  const certificate = await authority.issue({ names: [NAME, `*.${NAME}`] });
  const sessions = new Map<string, http2.ClientHttp2Session>();
  const tls = { ca: authority.cert, servername: NAME };
  const session = async (url: string): Promise<http2.ClientHttp2Session> => {
    const known = sessions.get(url);
    if (known !== undefined && !known.closed) return known;
    // Else Node itself refuses what this is to ask: whether Heddle does.
    const options = { ...(url.startsWith("https") ? tls : {}), strictSingleValueFields: false };
    const opened = http2.connect(url, options as http2.SecureClientSessionOptions);
    opened.on("error", () => {});
    sessions.set(url, opened);
    await once(opened, "connect");
    return opened;
  };
  return {
    certificate,
    all: [
      { name: "HTTP/1.1", ask: (ports, request) => askPlain(ports.http, request) },
      {
        name: "HTTP/1.1 over TLS",
        ask: (ports, request) => askHttp1(https.request, { port: ports.https, ...tls }, request),
      },
      {
        name: "HTTP/2 by prior knowledge",
        ask: async (ports, request) => askHttp2(await session(`http://127.0.0.1:${ports.http}`), request),
      },
      {
        name: "HTTP/2 over TLS",
        ask: async (ports, request) => askHttp2(await session(`https://127.0.0.1:${ports.https}`), request),
      },
    ],
    async [Symbol.asyncDispose]() {
      for (const opened of sessions.values()) opened.destroy();
    },
  };
}

/** By HTTP/1.1 in clear text, on a connection of its own. */
export const askPlain = (port: number, request: WayRequest): Promise<WayAnswer> =>
  askHttp1(http.request, { port }, request);

function askHttp1(
  request: typeof http.request,
  place: https.RequestOptions,
  { method = "GET", path = "/", authority = NAME, headers = [], body }: WayRequest,
): Promise<WayAnswer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? [] : ["content-length", String(Buffer.byteLength(body))];
    const options = {
      ...place,
      path,
      method,
      agent: false,
      headers: ["host", authority, ...length, ...headers],
    };
    const asked = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

function askHttp2(
  session: http2.ClientHttp2Session,
  { method = "GET", path = "/", authority = NAME, headers = [], body }: WayRequest,
): Promise<WayAnswer> {
  const scheme = session.encrypted === true ? "https" : "http";
  const lower = headers.map((text, at) => (at % 2 === 0 ? text.toLowerCase() : text));
  const pseudo = [":method", method, ":scheme", scheme, ":authority", authority, ":path", path];
  const stream = session.request([...pseudo, ...lower], { endStream: body === undefined });
  return new Promise((resolve, reject) => {
    let head: WayAnswer["headers"] & { ":status"?: number } = {};
    const chunks: Buffer[] = [];
    stream.on("response", (got) => (head = got));
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", reject);
    // A request that is answered before it was sent whole is reset with NO_ERROR: its answer is whole.
    stream.on("close", () => {
      if (head[":status"] === undefined)
        reject(new Error(`stream closed with ${stream.rstCode} and no response`));
      else resolve({ status: head[":status"], headers: head, body: Buffer.concat(chunks) });
    });
    if (body !== undefined) stream.end(body);
  });
}
