import { request as httpRequest } from "node:http";
import { connect, constants } from "node:http2";
import { request as httpsRequest } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { grpcHeaders, grpcRequest } from "./grpc.ts";
import { tailOf, type Running } from "./processes.ts";

export interface Question {
  url: string;
  method?: "GET" | "POST";
  bodyBytes?: number;
  /** of HTTP/1.1 */
  headers?: Readonly<Record<string, string>>;
  /** default: HTTP/1.1. h2 on a plain port is asked by prior knowledge; grpc wants the status 0 in trailers. */
  speaks?: "http1" | "h2" | "grpc";
}

export interface Answer {
  status: number;
  body: string;
}

const timeoutMs = 5000;

/** One request on a connection of its own, certificate unchecked, given up after 5 s. */
export function ask(question: Question): Promise<Answer> {
  return question.speaks === undefined || question.speaks === "http1" ? askHttp1(question) : askH2(question);
}

function askHttp1({ url, method = "GET", bodyBytes = 0, headers = {} }: Question): Promise<Answer> {
  const send = url.startsWith("https:") ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const options = {
      method,
      headers,
      agent: false,
      rejectUnauthorized: false,
      timeout: timeoutMs,
      family: 4,
    };
    const request = send(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
      );
    });
    request.on("timeout", () => request.destroy(new Error("no answer within 5 s")));
    request.on("error", reject);
    request.end("x".repeat(bodyBytes));
  });
}

async function askH2(question: Question): Promise<Answer> {
  const url = new URL(question.url);
  // by address: "localhost" may be the other family's first
  const at = `${url.protocol}//127.0.0.1:${url.port}`;
  const session = connect(at, { rejectUnauthorized: false, servername: url.hostname });
  try {
    return await new Promise<Answer>((resolve, reject) => {
      session.on("error", reject);
      session.setTimeout(timeoutMs, () => reject(new Error("no answer within 5 s")));
      askOnSession(question, session, resolve, reject);
    });
  } finally {
    session.destroy();
  }
}

function askOnSession(
  { url, method = "GET", bodyBytes = 0, speaks }: Question,
  session: ReturnType<typeof connect>,
  resolve: (answer: Answer) => void,
  reject: (error: Error) => void,
): void {
  const isGrpc = speaks === "grpc";
  const { host, pathname } = new URL(url);
  const head = { ":method": method, ":path": pathname, ":authority": host, ...(isGrpc ? grpcHeaders : {}) };
  const body = isGrpc ? grpcRequest : Buffer.alloc(bodyBytes, "x");
  const stream = session.request(head, { endStream: body.length === 0 });
  const chunks: Buffer[] = [];
  let status = 0;
  let grpcStatus: unknown;
  stream.on("response", (headers) => (status = headers[":status"] ?? 0));
  stream.on("trailers", (trailers) => (grpcStatus = trailers["grpc-status"]));
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("error", reject);
  stream.on("end", () => {
    // latin1: the length is compared, in bytes
    const text = Buffer.concat(chunks).toString("latin1");
    if (stream.rstCode !== constants.NGHTTP2_NO_ERROR)
      reject(new Error(`stream reset with ${stream.rstCode}`));
    else if (isGrpc && grpcStatus !== "0") reject(new Error(`grpc-status is ${String(grpcStatus)}, not 0`));
    else resolve({ status, body: text });
  });
  if (body.length > 0) stream.end(body);
}

/** Asks until the answer is 200 with a body of `expectBytes` (undefined: of any length); throws with the process's last words after `giveUpMs`. */
export async function waitUntilServing(
  of: Running,
  question: Question,
  expectBytes: number | undefined,
  giveUpMs: number,
): Promise<void> {
  const deadline = performance.now() + giveUpMs;
  let last = "";
  while (performance.now() < deadline) {
    if (!of.isRunning()) throw new Error(`${of.name} ended at its start:\n${tailOf(of.outputFile)}`);
    last = await ask(question).then(
      (answer) => refusalOf(answer, expectBytes),
      (error: Error) => error.message,
    );
    if (last === "") return;
    await sleep(50);
  }
  const seconds = giveUpMs / 1000;
  throw new Error(
    `${of.name} does not serve ${question.url} after ${seconds} s: ${last}\n${tailOf(of.outputFile)}`,
  );
}

function refusalOf({ status, body }: Answer, expectBytes: number | undefined): string {
  if (status !== 200) return `status ${status}`;
  return expectBytes === undefined || body.length === expectBytes
    ? ""
    : `body is ${body.length} bytes, expected ${expectBytes}`;
}
