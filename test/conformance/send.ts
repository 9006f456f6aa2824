import assert from "node:assert/strict";
import http from "node:http";
import https from "node:https";
import type { Echo } from "@heddle/testkit";

export interface Ask {
  method?: string;
  /** The Host header. Default `example.test`. */
  host?: string;
  headers?: Record<string, string | string[]>;
  body?: string;
  /** Default 127.0.0.1. */
  address?: string;
  /** Speaks TLS: the name of SNI (default: none), the root to trust, and the certificate to show. */
  tls?: { servername?: string; ca: string; cert?: string; key?: string };
}

/** A response, whole; `echo` is what the backend saw, where an echo server answered. */
export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  /** Names and values as they came. */
  rawHeaders: string[];
  body: string;
  echo: Echo | null;
  /** `servedBy` of the echo, or the status where no backend answered. */
  servedBy: string | number;
  /** The certificate of the server, by its subject alternative names. */
  certificateNames: string;
}

/** Sends one request on a connection of its own. */
export function send(port: number, target: string, ask: Ask = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const options: https.RequestOptions = {
    host: ask.address ?? "127.0.0.1",
    port,
    path: target,
    method: ask.method ?? "GET",
    headers: { host: ask.host ?? "example.test", ...ask.headers },
    agent: false,
    timeout: 10_000,
    ...(ask.tls && { ...ask.tls, servername: ask.tls.servername ?? "", checkServerIdentity }),
  };
  const request = ask.tls ? https.request(options) : http.request(options);
  request.on("response", (response) => {
    const chunks: Buffer[] = [];
    const socket = response.socket as { getPeerCertificate?: () => { subjectaltname?: string } };
    const certificateNames = socket.getPeerCertificate?.().subjectaltname ?? "";
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("end", () => resolve(answerOf(response, Buffer.concat(chunks).toString(), certificateNames)));
    response.on("error", reject);
  });
  request.on("timeout", () => request.destroy(new Error(`no response to ${target} within 10 s`)));
  request.on("error", reject);
  request.end(ask.body);
  return promise;
}

/** Which certificate is served is what tests look at; they say themselves which names they expect. */
const checkServerIdentity = () => undefined;

function answerOf(response: http.IncomingMessage, body: string, certificateNames: string): Answer {
  const status = response.statusCode ?? 0;
  const isEcho = response.headers["served-by"] !== undefined && body !== "";
  const echo = isEcho ? (JSON.parse(body) as Echo) : null;
  return {
    status,
    headers: response.headers,
    rawHeaders: response.rawHeaders,
    body,
    echo,
    servedBy: echo?.servedBy ?? status,
    certificateNames,
  };
}

/** All values of a header that the backend got, in order. */
export function seen(answer: Answer, name: string): string[] {
  assert.ok(answer.echo, `a backend should have answered, got ${answer.status} ${answer.body}`);
  return answer.echo.headers.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value);
}
