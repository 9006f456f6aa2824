import { lookup } from "node:dns";
import type { LookupFunction } from "node:net";
import type { FilterContext } from "@heddle/engine/filter";
import { Fields, RequestHead } from "@heddle/engine/message";
import { askCluster } from "../ask-cluster/index.ts";
import { addressMistake, isLoopbackHost } from "./provider-address.ts";

/** Octets of an answer: metadata, keys and tokens are far below. */
const MAX_ANSWER_BYTES = 262_144;

/** A provider that says nothing for so long is away. */
export const PROVIDER_TIMEOUT_MS = 10_000;

/** What openid-client asks for: a request whose redirects nobody follows. */
export interface ProviderRequest {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}

export type ProviderFetch = (url: string, options: ProviderRequest) => Promise<Response>;

/** By the cluster that the policy names: its balancing, TLS and health. It is asked for what is at the issuer's origin. */
export function clusterFetch(cluster: string, issuer: string, context: FilterContext): ProviderFetch {
  const { origin } = new URL(issuer);
  return async (text, { method, headers, body }) => {
    const url = new URL(text);
    if (url.origin !== origin)
      throw new Error(`${url.origin} is not the issuer's, which backendRef leads to`);
    const scheme = url.protocol === "https:" ? "https" : "http";
    const head = new RequestHead(
      method,
      scheme,
      url.host,
      url.pathname,
      url.search,
      Fields.of(Object.entries(headers)),
    );
    const answer = await askCluster(context, cluster, head, bytesOf(body), {
      timeoutMs: PROVIDER_TIMEOUT_MS,
      maxBytes: MAX_ANSWER_BYTES,
      signal: null,
    });
    if ("failure" in answer) throw new Error(`the provider was not reached: ${answer.failure}`);
    return responseOf(answer.status, answer.fields.toPairs(), answer.body);
  };
}

/** By a connection of its own: https, or http where the issuer itself is on this machine. */
export function directFetch(issuer: string): ProviderFetch {
  const isLocal = isLoopbackHost(new URL(issuer).hostname);
  return async (text, request) => {
    const url = new URL(text);
    const isPlain = url.protocol === "http:" && isLocal && isLoopbackHost(url.hostname);
    if (url.protocol !== "https:" && !isPlain) throw new Error(`${url.origin} is not https`);
    const mistake = addressMistake(url.hostname.replace(/^\[|\]$/g, ""), isLocal);
    if (mistake !== null) throw new Error(`${url.hostname} ${mistake}`);
    return send(url, request, isLocal);
  };
}

function send(url: URL, request: ProviderRequest, isLocal: boolean): Promise<Response> {
  return new Promise((resolve, reject) => {
    const { method, headers } = request;
    const options = {
      method,
      headers,
      agent: false,
      lookup: guardedLookup(isLocal),
      signal: AbortSignal.timeout(PROVIDER_TIMEOUT_MS),
    };
    const { request: start } = process.getBuiltinModule(
      url.protocol === "https:" ? "node:https" : "node:http",
    );
    const sent = start(url, options);
    sent.on("error", reject);
    sent.on("response", (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_ANSWER_BYTES) sent.destroy(new Error(`the answer is over ${MAX_ANSWER_BYTES} bytes`));
        else chunks.push(chunk);
      });
      response.on("error", reject);
      response.on("end", () => {
        const pairs = response.rawHeaders.flatMap((name, at, all): [string, string][] =>
          at % 2 === 0 ? [[name, all[at + 1]!]] : [],
        );
        resolve(responseOf(response.statusCode!, pairs, Buffer.concat(chunks)));
      });
    });
    sent.end(bytesOf(request.body) ?? undefined);
  });
}

/** Looks at what a name resolves to, and connects to that and nothing else: a name that changes helps nobody. */
function guardedLookup(isLocal: boolean): LookupFunction {
  return (hostname, options, done) =>
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        done(error, "");
        return;
      }
      const good = addresses.filter(({ address }) => addressMistake(address, isLocal) === null);
      if (good.length === 0) done(new Error(`${hostname} resolves to no address of a provider`), "");
      else if (options.all === true) done(null, good);
      else done(null, good[0]!.address, good[0]!.family);
    });
}

function bytesOf(body: unknown): Uint8Array | null {
  if (body === null || body === undefined) return null;
  if (body instanceof Uint8Array) return body;
  return Buffer.from(body instanceof URLSearchParams ? body.toString() : String(body as string));
}

function responseOf(status: number, pairs: readonly [string, string][], body: Uint8Array): Response {
  const headers = new Headers(pairs.map(([name, value]): [string, string] => [name, value]));
  // Statuses that have no body refuse even an empty one.
  const isEmpty = status === 204 || status === 205 || status === 304;
  return new Response(isEmpty ? null : (body as Uint8Array<ArrayBuffer>), { status, headers });
}
