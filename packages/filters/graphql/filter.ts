import type { BufferBody, Filter, FilterContext, FilterFactory, Reply } from "@heddle/engine/filter";
import type { Exchange } from "@heddle/engine/message";
import type { GraphqlConfig } from "./config.ts";
import { judge } from "./judge.ts";
import { readJson, readQuery } from "./operations.ts";
import type { Operation, Reading } from "./operations.ts";
import { loadParser } from "./parser.ts";

type BodyKind = "json" | "text";

/**
 * Holds operations of GraphQL to bounds of depth, cost and size before the backend has them. It knows no schema: what a
 * field costs is said by its name. What it cannot read goes no further.
 */
class Graphql implements Filter {
  readonly name = "graphql";
  private readonly config: GraphqlConfig;
  private readonly context: FilterContext;
  private readonly slot: number;
  readonly requestBody: BufferBody;

  constructor(config: GraphqlConfig, context: FilterContext) {
    this.config = config;
    this.context = context;
    this.slot = context.reserveSlot();
    // Here, and not with somebody's request.
    loadParser();
    this.requestBody = {
      mode: "buffer",
      maxBytes: config.maxBytes,
      concerns: ({ slots }) => slots![this.slot] !== undefined,
      whole: ({ slots }, bytes) => this.look(slots![this.slot] as BodyKind, bytes),
    };
  }

  requestHead(exchange: Exchange): Reply | undefined {
    const { method, upgrade, query } = exchange.request;
    if (upgrade !== "") {
      if (this.config.allowsWebSockets) return undefined;
      return this.refuse(403, "websocket", "operations over a WebSocket are not taken");
    }
    if (method === "GET" || method === "HEAD") return this.get(exchange);
    if (method === "OPTIONS") return undefined;
    if (method !== "POST")
      return this.refuse(405, "method", "operations come by GET or POST", ["allow", "GET, POST"]);
    // Some servers take it from there, and others from the body.
    if (new URLSearchParams(query).has("query"))
      return this.refuse(400, "malformed", "a POST has its operation in the body");
    return this.post(exchange);
  }

  /** GraphQL over HTTP: one without an operation asks for a page, as of an editor, which is none of ours. */
  private get({ request }: Exchange): Reply | undefined {
    const { query } = request;
    if (query.length > this.config.maxBytes)
      return this.refuse(414, "malformed", "the operation is too long");
    const parameters = new URLSearchParams(query);
    const isAsking = ["query", "extensions", "id", "documentId", "operationName"].some((name) =>
      parameters.has(name),
    );
    return isAsking ? this.verdict(readQuery(query), true) : undefined;
  }

  private post(exchange: Exchange): Reply | undefined {
    const { fields, bodyLength } = exchange.request;
    const types = fields.getAll("content-type");
    const coding = fields.getList("content-encoding")?.trim().toLowerCase() ?? "";
    const kind = types.length === 1 ? kindOf(types[0]) : undefined;
    if (kind === undefined || (coding !== "" && coding !== "identity"))
      return this.refuse(415, "type", "operations come as application/json");
    if (bodyLength === 0) return this.refuse(400, "malformed", "there is no operation");
    exchange.slots![this.slot] = kind;
    return undefined;
  }

  private look(kind: BodyKind, bytes: Uint8Array): Reply | undefined {
    if (kind === "json") return this.verdict(readJson(bytes), false);
    const operation: Operation = { query: Buffer.from(bytes).toString(), variables: {} };
    return this.verdict([operation], false);
  }

  private verdict(reading: Reading, isGet: boolean): Reply | undefined {
    if (typeof reading === "string") return this.refuse(400, "malformed", reading);
    const refusal = judge(reading, isGet, this.config);
    if (refusal !== null)
      return this.refuse(refusal.event === "mutation" ? 405 : 400, refusal.event, refusal.message);
    this.context.count("passed");
    return undefined;
  }

  /** In the form that clients of GraphQL read. */
  private refuse(status: number, event: string, message: string, header?: readonly [string, string]): Reply {
    this.context.count(event);
    const headers: (readonly [string, string])[] = [["content-type", "application/json; charset=utf-8"]];
    if (header !== undefined) headers.push(header);
    return { status, headers, body: `${JSON.stringify({ errors: [{ message }] })}\n` };
  }
}

/** Undefined: others, forms among them, which browsers send for any site. */
function kindOf(type: string): BodyKind | undefined {
  const end = type.indexOf(";");
  const name = (end < 0 ? type : type.slice(0, end)).trim().toLowerCase();
  if (name === "application/json" || name === "application/graphql+json") return "json";
  return name === "application/graphql" ? "text" : undefined;
}

/**
 * Events: `passed`, and refusals: `malformed`, `tokens`, `depth`, `cost`, `aliases`, `directives`, `batch`,
 * `introspection`, `persisted`, `mutation` (by GET), `method`, `type`, `websocket`.
 */
export const graphql: FilterFactory<GraphqlConfig> = {
  name: "graphql",
  create: (config, context) => new Graphql(config, context),
};
