import { once } from "node:events";
import http2 from "node:http2";
import net from "node:net";
import { connectHttp2, connectRaw, type Http2Client } from "@heddle/testkit";
import { loopRequests } from "../swap/client.ts";

/** What a kind of client saw, all of its loops together. */
export interface LoadReport {
  answers: number;
  /** Each is a request or a connection that was lost. */
  problems: string[];
}

export interface Load {
  readonly reports: Readonly<Record<"fresh" | "keptAlive" | "http2" | "grpc", LoadReport>>;
  /** Every client finishes what it has begun. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const FRESH = 4;
const KEPT_ALIVE = 2;
const HTTP2 = 1;
const GRPC = 1;
/** The rest of the machine needs something too: a new process has to start beside them. */
const PAUSE_MS = 5;

/**
 * Clients that ask without a pause, each kind in several loops: over a new connection for each request, over one that is
 * kept until the server closes it, over HTTP/2 until GOAWAY, and in streams of gRPC that last.
 */
export function startLoad(port: number): Load {
  const end = new AbortController();
  const report = (): LoadReport => ({ answers: 0, problems: [] });
  const reports = { fresh: report(), keptAlive: report(), http2: report(), grpc: report() };
  const repeat = async (own: LoadReport, once: () => Promise<void>): Promise<void> => {
    while (!end.signal.aborted) await once().catch((error: Error) => own.problems.push(error.message));
  };
  const loops = [
    ...loopsOf(FRESH, () => repeat(reports.fresh, () => askOnce(port, reports.fresh))),
    ...loopsOf(KEPT_ALIVE, () =>
      repeat(reports.keptAlive, () => askKept(port, reports.keptAlive, () => end.signal.aborted)),
    ),
    ...loopsOf(HTTP2, () =>
      repeat(reports.http2, () => askHttp2(port, reports.http2, () => end.signal.aborted)),
    ),
    ...loopsOf(GRPC, () => repeat(reports.grpc, () => chat(port, reports.grpc))),
  ];
  const stop = async (): Promise<void> => {
    end.abort();
    await Promise.all(loops);
  };
  return { reports, stop, [Symbol.asyncDispose]: stop };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const loopsOf = (count: number, loop: () => Promise<void>): Promise<void>[] =>
  Array.from({ length: count }, loop);

async function askOnce(port: number, report: LoadReport): Promise<void> {
  const socket = net.connect({ port, host: "127.0.0.1" });
  let text = "";
  socket.setEncoding("latin1").on("data", (part: string) => (text += part));
  socket.write("GET /fresh HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  await once(socket, "close");
  await pause(PAUSE_MS);
  if (!/^HTTP\/1\.1 200 [^]*\r\n\r\nok$/.test(text)) throw new Error(`answered ${JSON.stringify(text)}`);
  report.answers++;
}

async function askKept(port: number, report: LoadReport, isOver: () => boolean): Promise<void> {
  const check = (head: string, body: string) =>
    head.startsWith("HTTP/1.1 200 ") && body === "ok" ? "" : `${head}${body}`;
  const { answers, problems, hasEnded } = await loopRequests({ port, target: "/kept", check, isOver });
  report.answers += answers;
  report.problems.push(...problems);
  if (!isOver() && !hasEnded && problems.length === 0) throw new Error("broke off");
}

async function askHttp2(port: number, report: LoadReport, isOver: () => boolean): Promise<void> {
  await using client = await connectHttp2(port);
  const loop = async (): Promise<void> => {
    while (!isOver() && isOpen(client)) {
      const response = await client.request({ ":path": "/http2" }).catch((error: Error) => error);
      await pause(PAUSE_MS);
      if (!(response instanceof Error)) {
        report.answers++;
        if (response.status !== 200 || response.body.toString() !== "ok")
          report.problems.push(`${response.status} ${response.body.toString()}`);
        // Asked for when GOAWAY was there already: Node has not sent it, and it may be sent again.
      } else if (isOpen(client) || !response.message.includes("REFUSED_STREAM")) {
        report.problems.push(response.message);
      }
    }
  };
  await Promise.all([loop(), loop(), loop()]);
}

const isOpen = ({ goaways, session }: Http2Client): boolean => goaways.length === 0 && !session.closed;

const MESSAGES = 20;
const MESSAGE_MS = 40;

/** One call of two directions: each message is echoed. It lasts over the upgrade, whenever that comes. */
async function chat(port: number, report: LoadReport): Promise<void> {
  await using client = await connectHttp2(port);
  const stream = client.open(
    { ":method": "POST", ":path": "/echo.Echo/Chat", "content-type": "application/grpc", te: "trailers" },
    false,
  );
  let received = 0;
  stream.on("data", (bytes: Buffer) => (received += bytes.length));
  const trailers = once(stream, "trailers") as Promise<[http2.IncomingHttpHeaders]>;
  trailers.catch(() => {});
  for (let sent = 1; sent <= MESSAGES; sent++) {
    stream.write(frame(`message ${sent}`));
    await pause(MESSAGE_MS);
  }
  stream.end();
  const [{ "grpc-status": status }] = await trailers;
  const due = Array.from({ length: MESSAGES }, (_, at) => frame(`message ${at + 1}`).length);
  const dueBytes = due.reduce((sum, length) => sum + length, 0);
  if (status !== "0" || received !== dueBytes)
    throw new Error(`gRPC ${status}, ${received} of ${dueBytes} octets`);
  report.answers++;
}

function frame(text: string): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(text.length, 1);
  return Buffer.concat([head, Buffer.from(text)]);
}

/** A WebSocket that says a word now and then, and is answered by the same. */
export async function openChat(port: number) {
  const client = await connectRaw(port);
  client.send(
    "GET /socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
  );
  const head = await client.receiveUntil("\r\n\r\n");
  if (!head.startsWith("HTTP/1.1 101 ")) throw new Error(head);
  return {
    async echoes(word: string): Promise<boolean> {
      client.send(word);
      return (await client.receiveBytes(word.length)) === word;
    },
    closed: client.closed,
    close: () => client.close(),
  };
}
