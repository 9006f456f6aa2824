import assert from "node:assert/strict";
import type { FilterContext, Reply } from "@heddle/engine/filter";
import { Exchange, Fields, IN_PROCESS_PEER, RequestHead, ResponseHead } from "@heddle/engine/message";
import { compileRegex } from "@heddle/engine/route";
import { builtinFilters, type OpenApiConfig } from "@heddle/filters";
import { readApi } from "./index.ts";

export const checkRegex = (pattern: string): string | null => {
  const { regex, problem } = compileRegex(pattern);
  return regex === null ? problem : null;
};

const defaults: Omit<OpenApiConfig, "document"> = {
  requests: "Enforce",
  responses: "Enforce",
  basePath: null,
  allowsUnknownPaths: false,
  allowsUnknownQuery: false,
  allowsUnknownStatuses: true,
  allowsReadOnly: false,
  maxBodyBytes: 65_536,
  maxDepth: 32,
};

export interface Asked {
  readonly method?: string;
  readonly headers?: readonly (readonly [string, string])[];
  /** With its content type, JSON where there is none in `headers`. */
  readonly body?: string;
}

export interface Answered {
  readonly status: number;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
}

/** What one refusal says: its status, and each error as "place name pointer: detail". */
export interface Verdict {
  readonly status: number;
  readonly errors: readonly string[];
}

const good: Verdict = { status: 0, errors: [] };

/** The filter with one document, whole messages at a time. */
export class OpenApiRig {
  readonly events: string[] = [];
  private readonly filter;

  constructor(document: string | object, options: Partial<OpenApiConfig> = {}) {
    const text = typeof document === "string" ? document : JSON.stringify(document);
    const { api, findings } = readApi(text, checkRegex);
    assert.deepEqual(findings, []);
    // As it comes to a worker.
    const copy = structuredClone(api!);
    const context = {
      reserveSlot: () => 0,
      count: (event: string) => this.events.push(event),
    } as unknown as FilterContext;
    this.filter = builtinFilters
      .get("openapi")!
      .create({ ...defaults, document: { api: copy }, ...options }, context);
  }

  async request(target: string, asked: Asked = {}): Promise<Verdict> {
    return (await this.send(target, asked)).verdict;
  }

  async response(target: string, answered: Answered, asked: Asked = {}): Promise<Verdict> {
    const { exchange, verdict } = await this.send(target, asked);
    assert.deepEqual(verdict, good);
    const body = Buffer.from(answered.body ?? "");
    const type = answered.headers?.some(([name]) => name === "content-type") || body.length === 0;
    const fields = Fields.of([
      ...(answered.headers ?? []),
      ...(type ? [] : [["content-type", "application/json"] as const]),
    ]);
    const head = new ResponseHead(answered.status, fields, body.length);
    exchange.responseHeadMs = 1;
    const reply = await this.filter.responseHead!(exchange, head);
    if (reply) return verdictOf(reply);
    const phase = this.filter.responseBody!;
    if (body.length === 0 || phase.concerns?.(exchange) === false || phase.mode !== "buffer") return good;
    return verdictOf((await phase.whole(exchange, body)) as Reply | undefined);
  }

  private async send(target: string, { method, headers = [], body }: Asked) {
    const [path, query] = target.split("?");
    const head = new RequestHead(
      method ?? (body === undefined ? "GET" : "POST"),
      "http",
      "shop.example",
      path!,
      query === undefined ? "" : `?${query}`,
      Fields.of(headers),
    );
    const bytes = Buffer.from(body ?? "");
    head.bodyLength = bytes.length;
    if (bytes.length > 0 && !head.fields.has("content-type"))
      head.fields.set("content-type", "application/json");
    const match = { listener: "", listenerIndex: 0, route: "", rule: "", routeIndex: -1 };
    const exchange = new Exchange(head, IN_PROCESS_PEER, match, 0);
    exchange.slots = [undefined];
    const reply = await this.filter.requestHead!(exchange);
    if (reply) return { exchange, verdict: verdictOf(reply) };
    const phase = this.filter.requestBody!;
    if (bytes.length === 0 || phase.concerns?.(exchange) === false) return { exchange, verdict: good };
    if (phase.mode === "observe") {
      phase.chunk(exchange, bytes);
      phase.end?.(exchange);
      return { exchange, verdict: good };
    }
    assert.ok(phase.mode === "buffer");
    return { exchange, verdict: verdictOf((await phase.whole(exchange, bytes)) as Reply | undefined) };
  }
}

function verdictOf(reply: Reply | undefined): Verdict {
  if (reply === undefined) return good;
  assert.equal(reply.headers.find(([name]) => name === "content-type")?.[1], "application/problem+json");
  const problem = JSON.parse(String(reply.body)) as {
    status: number;
    detail: string;
    errors?: { in: string; name?: string; pointer?: string; detail: string }[];
  };
  assert.equal(problem.status, reply.status);
  const errors = (problem.errors ?? []).map(
    ({ in: place, name, pointer, detail }) =>
      `${[place, name, pointer].filter(Boolean).join(" ")}: ${detail}`,
  );
  return { status: reply.status, errors };
}
