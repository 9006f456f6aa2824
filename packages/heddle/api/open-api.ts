import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ResourceKey } from "../resources/index.ts";
import type { Store } from "../store/index.ts";
import { checkAccess, hasToken, tokenNeeded } from "./access-guard.ts";
import { failure, jsonAnswer, send, textAnswer, type Answer } from "./answer.ts";
import { formatApiAddress, type ApiAddress } from "./api-address.ts";
import { coreVersions, groupList, oneGroup, resourceList } from "./discovery.ts";
import { answerResources } from "./resource-answers.ts";
import { parseResourcePath, type ResourcePath } from "./resource-path.ts";
import { refuseWrite } from "./refuse-write.ts";
import { renderPage, type PageModel } from "./status-page.ts";

/** What the API tells beside the resources; the composition root gives it. */
export interface ApiFacts {
  readonly version: string;
  /** Prometheus's text, and its content type. */
  metrics(): { text: string; contentType: string };
  /** Why Heddle is not ready; empty when it is. */
  unready(): readonly string[];
  page(): PageModel;
  /** What `heddle explain` prints, as data, for the query of its request. Throws Error for one that cannot be read. */
  explain(params: URLSearchParams): Promise<unknown>;
  /** When a resource came that does not say so itself, RFC 3339; undefined where that is not known. */
  createdAt(key: ResourceKey): string | undefined;
}

export interface ApiOptions {
  /** On loopback: `parseApiAddress` gives no other. */
  readonly address: ApiAddress;
  /** A socket that listens there already; null binds. */
  readonly descriptor: number | null;
  readonly store: Store;
  readonly facts: ApiFacts;
  /** Bearer token for Secrets. */
  readonly token: string;
  /** A request failed inside; its text may go to the log, not to the client. */
  onError(error: Error): void;
}

export interface Api {
  readonly address: ApiAddress;
  /** `http://127.0.0.1:9901` */
  readonly url: string;
  /** The server that listens, for who hands its socket over. */
  readonly server: Server;
  /** Ends watches and connections. */
  close(): Promise<void>;
}

/** Bounds before anything is parsed (threats 36): a machine's own clients need far less. */
const maxConnections = 512;
const headTimeoutMs = 10_000;
const requestTimeoutMs = 30_000;

/** Serves the API. Rejects with the system's error when the address cannot be bound. */
export async function openApi(options: ApiOptions): Promise<Api> {
  const server = process.getBuiltinModule("node:http").createServer({
    headersTimeout: headTimeoutMs,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: 5_000,
    // Answered by the guard with a Status object.
    requireHostHeader: false,
  });
  server.maxConnections = maxConnections;
  const { host } = options.address;
  server.on("request", (request, response) => {
    void answerRequest(request, response, options).catch((error: unknown) => {
      options.onError(error as Error);
      response.destroy();
    });
  });
  const port = await listen(server, options);
  const address = { host, port };
  return { address, url: `http://${formatApiAddress(address)}`, server, close: () => close(server) };
}

function listen(
  server: Server,
  { address, descriptor }: Pick<ApiOptions, "address" | "descriptor">,
): Promise<number> {
  const where = descriptor === null ? { ...address, exclusive: true } : { fd: descriptor };
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function answerRequest(
  request: IncomingMessage,
  response: ServerResponse,
  options: ApiOptions,
): Promise<void> {
  const isHead = request.method === "HEAD";
  let answer: Answer;
  try {
    answer = await route(request, options);
  } catch (error) {
    options.onError(error as Error);
    answer = failure(500, "the request failed; see the log of heddle");
  }
  await send(response, answer, isHead);
}

async function route(request: IncomingMessage, options: ApiOptions): Promise<Answer> {
  const refusal = checkAccess(request.headers, options.address.host);
  if (refusal !== null) return failure(refusal.code, refusal.message);
  const url = parseTarget(request.url ?? "");
  if (url === undefined) return failure(400, "the request target cannot be read");
  if (request.method !== "GET" && request.method !== "HEAD")
    return refuseWrite(options.store, resourcePathOf(url), request.method ?? "");
  return (await answerOwn(url, options)) ?? (await answerApi(url, request, options));
}

/** Origin-form only: what else a target may hold is for proxies. */
function parseTarget(
  target: string,
): { segments: string[]; path: string; params: URLSearchParams } | undefined {
  const [path = "", query = ""] = target.split(/\?(.*)/s, 2);
  if (!path.startsWith("/")) return undefined;
  try {
    const segments = path
      .split("/")
      .filter((segment) => segment !== "")
      .map(decodeURIComponent);
    return { segments, path, params: new URLSearchParams(query) };
  } catch {
    return undefined;
  }
}

type Target = NonNullable<ReturnType<typeof parseTarget>>;

/** The addresses that Kubernetes does not have. */
async function answerOwn({ path, params }: Target, { facts }: ApiOptions): Promise<Answer | undefined> {
  switch (path) {
    case "/":
      return renderPage(facts.page());
    case "/healthz":
    case "/livez":
      return textAnswer("ok\n");
    case "/readyz": {
      const reasons = facts.unready();
      return reasons.length === 0 ? textAnswer("ok\n") : textAnswer(`${reasons.join("\n")}\n`, 503);
    }
    case "/metrics": {
      const { text, contentType } = facts.metrics();
      return { status: 200, contentType, body: text };
    }
    case "/explain":
      try {
        return jsonAnswer(await facts.explain(params));
      } catch (error) {
        return failure(400, (error as Error).message);
      }
    case "/version":
      return jsonAnswer(versionInfo(facts.version));
    default:
      return undefined;
  }
}

function versionInfo(version: string): object {
  const [major = "0", minor = "0"] = version.split(".");
  return { major, minor, gitVersion: `v${version}`, platform: `${process.platform}/${process.arch}` };
}

function resourcePathOf({ segments }: Pick<Target, "segments">): ResourcePath | undefined {
  const [root, ...rest] = segments;
  if (root === "api") return parseResourcePath("", rest[0] ?? "", rest.slice(1));
  const [group = "", version = "", ...below] = rest;
  return root === "apis" && group !== "" ? parseResourcePath(group, version, below) : undefined;
}

async function answerApi(
  { segments, params }: Target,
  request: IncomingMessage,
  options: ApiOptions,
): Promise<Answer> {
  const [root, ...rest] = segments;
  const discovered = root === "api" || root === "apis" ? discover(root, rest) : undefined;
  if (discovered !== undefined) return jsonAnswer(discovered);
  const path = resourcePathOf({ segments });
  if (path === undefined) return failure(404, "the server could not find the requested resource");
  if (path.kind.kind === "Secret" && !hasToken(request.headers, options.token)) {
    return { ...failure(tokenNeeded.code, tokenNeeded.message), headers: { "www-authenticate": "Bearer" } };
  }
  const { createdAt } = options.facts;
  const accept = request.headers.accept ?? "";
  return answerResources(options.store, { path, params, accept, createdAt });
}

function discover(root: "api" | "apis", [first, second, ...more]: readonly string[]): object | undefined {
  if (more.length > 0) return undefined;
  if (root === "api") {
    if (first === undefined) return coreVersions;
    return second === undefined ? resourceList("", first) : undefined;
  }
  if (first === undefined) return groupList();
  return second === undefined ? oneGroup(first) : resourceList(first, second);
}
