import type { ServerResponse } from "node:http";

/** An answer of the API, whole or as a stream of JSON lines. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Goes on writing after the head until it resolves or the client is gone; `body` is "" then. */
  stream?(response: ServerResponse): Promise<void>;
}

export function jsonAnswer(value: unknown, status: number = 200): Answer {
  return { status, contentType: "application/json", body: `${JSON.stringify(value)}\n` };
}

export function textAnswer(body: string, status: number = 200): Answer {
  return { status, contentType: "text/plain; charset=utf-8", body };
}

/** Reasons of `metav1.Status` by HTTP status code. */
const reasons: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  406: "NotAcceptable",
  410: "Expired",
  421: "Forbidden",
  500: "InternalError",
};

/** A failure as Kubernetes clients read it: a Status object. */
export function failure(code: number, message: string, details?: Record<string, unknown>): Answer {
  const status = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason: reasons[code] ?? process.getBuiltinModule("node:http").STATUS_CODES[code] ?? "Unknown",
    ...(details === undefined ? {} : { details }),
    code,
  };
  return jsonAnswer(status, code);
}

/** For every answer: nothing of it may be guessed at, framed, kept, or read by another site's page. */
const alwaysHeaders: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

export async function send(response: ServerResponse, answer: Answer, isHead: boolean): Promise<void> {
  const { status, contentType, body, headers, stream } = answer;
  for (const [name, value] of Object.entries({ ...alwaysHeaders, ...headers }))
    response.setHeader(name, value);
  response.statusCode = status;
  response.setHeader("content-type", contentType);
  if (stream !== undefined && !isHead) {
    response.flushHeaders();
    await stream(response);
    response.end();
    return;
  }
  response.setHeader("content-length", Buffer.byteLength(body));
  response.end(isHead ? undefined : body);
}
