import type { ClientRequest, IncomingMessage } from "node:http";
import { MAX_KEY_SET_BYTES } from "../compile/index.ts";
import type { AddressGuard } from "./address-guard.ts";

export interface FetchedKeySet {
  readonly text: string;
  /** How long it may be kept as its server says; null where it does not say. */
  readonly maxAgeMs: number | null;
}

export interface FetchOptions {
  readonly guard: AddressGuard;
  /** PEM of the roots that the server's certificate is checked with; null for those that Node brings. */
  readonly caPem: string | null;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
}

const REQUEST_MS = 10_000;

/**
 * One GET of a key set. It follows no redirect, which could lead anywhere, reads at most 256 KiB, and waits ten seconds.
 * Rejects with an Error whose message has neither query nor content.
 */
export async function fetchKeySet(location: string, options: FetchOptions): Promise<FetchedKeySet> {
  const url = new URL(location);
  const place = `${url.origin}${url.pathname}`;
  const mistake = options.guard.mistakeOf(url);
  if (mistake !== null) throw new Error(`${place} ${mistake}`);
  try {
    return await send(url, options);
  } catch (error) {
    // Where all addresses of a name refuse, Node gives their errors, and no message.
    const first = error instanceof AggregateError ? (error.errors[0] as Error) : error;
    const { code, message } = first as NodeJS.ErrnoException;
    const isTimeout = (error as Error).name === "TimeoutError";
    const reason = isTimeout ? `no answer within ${REQUEST_MS / 1000} s` : message;
    throw new Error(
      `${place}: ${code === undefined || isTimeout || reason.includes(code) ? reason : `${code}: ${reason}`}`,
      { cause: error },
    );
  }
}

function send(url: URL, { guard, caPem, signal }: FetchOptions): Promise<FetchedKeySet> {
  const timeout = AbortSignal.timeout(REQUEST_MS);
  const isSecure = url.protocol === "https:";
  return new Promise((resolve, reject) => {
    const { request: start } = process.getBuiltinModule(isSecure ? "node:https" : "node:http");
    const request = start(url, {
      method: "GET",
      agent: false,
      lookup: guard.lookupFor(url),
      headers: { "user-agent": "heddle", accept: "application/jwk-set+json, application/json" },
      signal: AbortSignal.any([signal, timeout]),
      ...(isSecure && caPem !== null && { ca: caPem }),
    });
    request.on("error", (error) => reject(timeout.aborted ? (timeout.reason as Error) : error));
    request.on("response", (response) => {
      readAnswer(response, request).then(resolve, (error: unknown) => {
        request.destroy();
        reject(timeout.aborted ? (timeout.reason as Error) : (error as Error));
      });
    });
    request.end();
  });
}

async function readAnswer(response: IncomingMessage, request: ClientRequest): Promise<FetchedKeySet> {
  const { statusCode = 0, headers } = response;
  if (statusCode >= 300 && statusCode < 400)
    throw new Error(`answers ${statusCode}; redirects are not followed, name the place itself`);
  if (statusCode !== 200) throw new Error(`answers ${statusCode}`);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_KEY_SET_BYTES) {
      request.destroy();
      throw new Error(`the answer has more than ${MAX_KEY_SET_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return { text: Buffer.concat(chunks).toString("utf8"), maxAgeMs: maxAgeOf(headers["cache-control"]) };
}

/** RFC 9111 section 5.2.2; what must not be kept is old at once. */
export function maxAgeOf(cacheControl: string | undefined): number | null {
  if (cacheControl === undefined) return null;
  const directives = cacheControl
    .toLowerCase()
    .split(",")
    .map((one) => one.trim());
  if (directives.some((one) => one === "no-store" || one === "no-cache")) return 0;
  const found = directives.map((one) => /^max-age="?(\d{1,10})"?$/.exec(one)?.[1]).find(Boolean);
  return found === undefined ? null : Number(found) * 1000;
}
