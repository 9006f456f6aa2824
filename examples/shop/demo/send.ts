import { on } from "node:events";
import * as http from "node:http";
import * as https from "node:https";
import { connect } from "node:net";
import type { LookupFunction } from "node:net";
import type { Readable } from "node:stream";
import { allHeaders } from "./curl.ts";
import type { Endless, TryRequest } from "./curl.ts";
import { openHttp2WebSocket } from "./web-socket.ts";

export type Answer = { status: number; headers: http.IncomingHttpHeaders; body: string };

const answerTimeoutMs = 15_000;

// Names below localhost are the loopback (RFC 6761, section 6.3), but not every resolver knows.
export const lookupLoopback: LookupFunction = (_hostname, options, done) => {
  if (options.all) done(null, [{ address: "127.0.0.1", family: 4 }]);
  else done(null, "127.0.0.1", 4);
};

/** Sends one request as curl would; of an endless answer it reads what it waits for and leaves. */
export function sendRequest(url: string, options: TryRequest, ca: string): Promise<Answer> {
  if (url.startsWith("tcp:")) return sendText(new URL(url), options.text ?? "");
  if (url.startsWith("wss:")) return followMessages(url, options.endless!, ca);
  const payload = options.json === undefined ? options.text : JSON.stringify(options.json);
  const isTls = url.startsWith("https:");
  return new Promise((resolve, reject) => {
    const request = (isTls ? https : http).request(url, {
      method: options.method ?? (payload === undefined ? "GET" : "POST"),
      headers: {
        ...allHeaders(options),
        ...(payload !== undefined && { "content-length": Buffer.byteLength(payload) }),
      },
      lookup: lookupLoopback,
      signal: AbortSignal.timeout(answerTimeoutMs),
      agent: false,
      ...(isTls && { ca }),
    });
    const read = async (response: http.IncomingMessage, body: Readable, first?: Buffer): Promise<void> => {
      if (first?.length) body.unshift(first);
      const text = options.endless ? await readEndless(body, options.endless, ca) : await readAll(body);
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
    };
    request.once("error", reject);
    request.once("response", (response) => read(response, response).catch(reject));
    request.once("upgrade", (response, socket, head) => read(response, socket, head).catch(reject));
    request.end(payload);
  });
}

/** What a TCP service answers until it ends the connection. */
async function sendText({ hostname, port }: URL, text: string): Promise<Answer> {
  const socket = connect({
    host: hostname,
    port: Number(port),
    signal: AbortSignal.timeout(answerTimeoutMs),
  });
  socket.write(text);
  return { status: 0, headers: {}, body: await readAll(socket) };
}

async function followMessages(url: string, endless: Endless, ca: string): Promise<Answer> {
  const signal = AbortSignal.timeout(answerTimeoutMs);
  const socket = await openHttp2WebSocket(url, { ca, lookup: lookupLoopback, signal });
  const messages = bodiesOf(on(socket, "message", { close: ["close"], signal }));
  socket.resume();
  try {
    return { status: 200, headers: {}, body: await readEndless(messages, endless, ca) };
  } finally {
    socket.terminate();
  }
}

async function* bodiesOf(events: AsyncIterable<unknown[]>): AsyncGenerator<Buffer> {
  for await (const [data] of events) yield data as Buffer;
}

async function readAll(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

async function readEndless(
  body: AsyncIterable<Buffer>,
  { until, meanwhile }: Endless,
  ca: string,
): Promise<string> {
  let text = "";
  let sent: Promise<Answer> | undefined;
  for await (const chunk of body) {
    text += chunk.toString("utf8");
    if (meanwhile && !sent) {
      sent = sendRequest(meanwhile.url, meanwhile, ca);
      // Awaited below; it may fail while this still reads.
      sent.catch(() => {});
    }
    // Leaving the loop destroys the stream, and the connection with it.
    if (text.includes(until)) break;
  }
  await sent;
  return text;
}
