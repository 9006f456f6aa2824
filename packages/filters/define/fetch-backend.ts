import type { FilterContext } from "@heddle/engine/filter";
import { Fields, RequestHead } from "@heddle/engine/message";
import { askCluster } from "../ask-cluster/index.ts";

/** A request of a filter to a backend. */
export interface BackendRequest {
  /** Default GET. */
  readonly method?: string;
  /** With its query; begins with a slash. */
  readonly path: string;
  /** Default: the backend's name. */
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** For the whole answer. Default 5000. */
  readonly timeoutMs?: number;
  /** Octets of the answer's body. Default one MiB. */
  readonly maxBytes?: number;
  /** Gives up when it fires: `exchange.abortSignal()`, unless others wait for the answer too. */
  readonly signal?: AbortSignal;
}

/** A whole answer, whatever its status. */
export class BackendAnswer {
  readonly status: number;
  readonly headers: Fields;
  readonly body: Uint8Array;

  constructor(status: number, headers: Fields, body: Uint8Array) {
    this.status = status;
    this.headers = headers;
    this.body = body;
  }

  text(): string {
    return Buffer.from(this.body).toString("utf8");
  }

  /** Throws SyntaxError for what is no JSON. */
  json(): unknown {
    return JSON.parse(this.text());
  }
}

/** Why a backend gave no answer: `code` is a fault's (`HDL_…`), "timeout", "too-large" or "aborted". */
export class BackendError extends Error {
  readonly code: string;

  constructor(backend: string, code: string) {
    super(`backend ${backend} gave no answer: ${code}`);
    this.name = "BackendError";
    this.code = code;
  }
}

/** Sends a request to `cluster`, which the filter calls `backend`, and waits for the whole answer. */
export async function fetchBackend(
  context: Pick<FilterContext, "call" | "clock">,
  backend: string,
  cluster: string,
  request: BackendRequest,
): Promise<BackendAnswer> {
  const { body, timeoutMs = 5_000, maxBytes = 1_048_576, signal = null } = request;
  const octets = body === undefined || body.length === 0 ? null : Buffer.from(body);
  const asked = { timeoutMs, maxBytes, signal };
  const answer = await askCluster(context as FilterContext, cluster, headOf(backend, request), octets, asked);
  if ("failure" in answer) throw new BackendError(backend, answer.failure);
  return new BackendAnswer(answer.status, answer.fields, answer.body);
}

const goodMethod = /^[A-Z][A-Z-]{0,30}$/;
const goodHost = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i;
/** What a request line can carry as it is (RFC 3986 section 3.3, 3.4). */
const goodPath = /^\/[\w\-.~!$&'()*+,;=:@/%]*(\?[\w\-.~!$&'()*+,;=:@/%?]*)?$/;

/** Fields that frame a message are Heddle's. */
const framing: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

function headOf(backend: string, { method = "GET", path, host, headers = {} }: BackendRequest): RequestHead {
  const authority = host ?? backend;
  if (!goodMethod.test(method)) throw new TypeError(`method must be such as GET or POST`);
  if (!goodPath.test(path))
    throw new TypeError("path must begin with a slash and have what is no path character percent-encoded");
  if (!goodHost.test(authority)) throw new TypeError("host must be a host name, with a port or without");
  const fields = new Fields();
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (framing.has(lower)) throw new TypeError(`header ${lower} is set by Heddle; remove it`);
    fields.add(lower, value);
  }
  const at = path.indexOf("?");
  const [pathOnly, query] = at < 0 ? [path, ""] : [path.slice(0, at), path.slice(at)];
  return new RequestHead(method, "http", authority.toLowerCase(), pathOnly, query, fields);
}
