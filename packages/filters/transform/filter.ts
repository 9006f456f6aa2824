import type { BufferBody, Filter, FilterContext, FilterFactory, Reply } from "@heddle/engine/filter";
import { Fields } from "@heddle/engine/message";
import type { Exchange, ResponseHead } from "@heddle/engine/message";
import { charsetOf, isJsonType, mediaTypeOf, problemReply } from "../bounded-json/index.ts";
import { asItIs, escapeUri, renderTemplate } from "../template/index.ts";
import type { Template, TemplateScope } from "../template/index.ts";
import type { JsonEdits, NamedEdits, RequestEdits, TransformConfig, TransformRule } from "./config.ts";
import { editFields, editMethod, editPath, editQuery, type ReadyNamedEdits } from "./edit-head.ts";
import { editJson, type ReadyJsonEdits } from "./edit-json.ts";
import { matchPath } from "./path-pattern.ts";

/** A rule that matched a request. */
interface Matched {
  readonly rule: TransformRule;
  readonly captures: ReadonlyMap<string, string>;
}

/** Of one exchange. */
interface Transformed {
  readonly matched: readonly Matched[];
  /** Null: the body is not edited. */
  request: readonly ReadyJsonEdits[] | null;
  response: readonly ReadyJsonEdits[] | null;
}

/** What speaks of the octets of a body that is edited. */
const digests = ["content-digest", "content-md5", "digest", "repr-digest"];

/**
 * Changes requests and responses by the rules that match the request as it comes to this filter.
 *
 *   request head ─► which rules match ─► of each: values, then headers, query, path, method ──► body: JSON edits
 *   response head (of a backend) ──────► of each: values, then headers, status ───────────────► body: JSON edits
 *
 * What cannot be changed does not pass: 400, or 502 in place of a response. Events: `request`, `response`, `refused`,
 * `response-refused`.
 */
class Transform implements Filter {
  readonly name = "transform";
  readonly requestBody: BufferBody;
  readonly responseBody: BufferBody;
  private readonly config: TransformConfig;
  private readonly context: FilterContext;
  private readonly slot: number;

  constructor(config: TransformConfig, context: FilterContext) {
    this.config = config;
    this.context = context;
    this.slot = context.reserveSlot();
    for (const { request, response } of config.rules) checkNames(request?.headers, response?.headers);
    this.requestBody = this.phase("request");
    this.responseBody = this.phase("response");
  }

  requestHead(exchange: Exchange): Reply | undefined {
    const matched = this.match(exchange);
    if (matched === null) return this.refuse("request", "the path has a segment that is not in UTF-8");
    if (matched.length === 0) return undefined;
    const state: Transformed = { matched, request: null, response: null };
    exchange.slots![this.slot] = state;
    const bodies: ReadyJsonEdits[] = [];
    for (const { rule, captures } of matched) {
      if (rule.request === null) continue;
      const scope = { exchange, response: null, captures };
      // Before anything of this rule changes what values are from.
      if (rule.request.json !== null) bodies.push(readyJson(rule.request.json, scope));
      const problem = editRequest(rule.request, scope);
      if (problem !== null) return this.refuse("request", problem);
    }
    if (matched.some(({ rule }) => rule.response?.json != null)) {
      // Responses are read as they are, and whole.
      for (const name of ["accept-encoding", "range", "if-range"]) exchange.request.fields.delete(name);
    }
    if (matched.some(({ rule }) => rule.request !== null)) this.context.count("request");
    const { fields, bodyLength } = exchange.request;
    if (bodies.length === 0 || bodyLength === 0) return undefined;
    const problem = problemOfBody(fields);
    if (problem !== null) return this.refuse("request", problem);
    for (const name of digests) fields.delete(name);
    state.request = bodies;
    return undefined;
  }

  responseHead(exchange: Exchange, head: ResponseHead): Reply | undefined {
    const state = this.stateOf(exchange);
    if (state === undefined || head.status < 200) return undefined;
    // Of another attempt before.
    state.response = null;
    if (exchange.fault !== null || exchange.responseHeadMs === 0) return undefined;
    const bodies: ReadyJsonEdits[] = [];
    for (const { rule, captures } of state.matched) {
      if (rule.response === null) continue;
      const { headers, status, json } = rule.response;
      const scope = { exchange, response: head, captures };
      if (json !== null) bodies.push(readyJson(json, scope));
      const problem = editFields(head.fields, readyNamed(headers, scope));
      if (problem !== null) return this.refuse("response", problem);
      if (status !== 0 && ![204, 205, 206, 304].includes(head.status)) {
        head.status = status;
        head.reason = "";
      }
    }
    if (!state.matched.some(({ rule }) => rule.response !== null)) return undefined;
    this.context.count("response");
    return bodies.length === 0 ? undefined : this.beginBody(exchange, head, state, bodies);
  }

  private beginBody(
    { request }: Exchange,
    head: ResponseHead,
    state: Transformed,
    bodies: readonly ReadyJsonEdits[],
  ): Reply | undefined {
    const { fields } = head;
    for (const name of [...digests, "accept-ranges"]) fields.delete(name);
    const etag = fields.get("etag");
    // Octet by octet it is another representation (RFC 9110 section 8.8.1).
    if (etag !== undefined && !etag.startsWith("W/")) fields.set("etag", `W/${etag}`);
    if (request.method === "HEAD" || head.status === 304) {
      fields.delete("content-length");
      return undefined;
    }
    if (head.bodyLength === 0) return undefined;
    const problem = head.status === 206 ? "it is a part" : problemOfBody(fields);
    if (problem !== null) return this.refuse("response", problem);
    state.response = bodies;
    return undefined;
  }

  private phase(side: "request" | "response"): BufferBody {
    const { maxBodyBytes, maxDepth } = this.config;
    return {
      mode: "buffer",
      maxBytes: maxBodyBytes,
      concerns: (exchange) => this.stateOf(exchange)?.[side] != null,
      whole: (exchange, bytes) => {
        if (bytes.length === 0) return undefined;
        const edited = editJson(bytes, this.stateOf(exchange)![side]!, maxDepth);
        return "problem" in edited ? this.refuse(side, edited.problem) : edited;
      },
    };
  }

  /** Null: what a pattern names cannot be read. */
  private match({ request: { method, path } }: Exchange): readonly Matched[] | null {
    const matched: Matched[] = [];
    for (const rule of this.config.rules) {
      if (rule.methods.length > 0 && !rule.methods.includes(method)) continue;
      const captures = matchPath(rule.pattern, path);
      if (captures === "broken") return null;
      if (captures !== null) matched.push({ rule, captures });
    }
    return matched;
  }

  private refuse(side: "request" | "response", problem: string): Reply {
    this.context.count(side === "request" ? "refused" : "response-refused");
    return side === "request"
      ? problemReply(400, `the request cannot be transformed: ${problem}`)
      : { ...problemReply(502, `the response cannot be transformed: ${problem}`), from: this };
  }

  private stateOf(exchange: Exchange): Transformed | undefined {
    return exchange.slots?.[this.slot] as Transformed | undefined;
  }
}

/** Throws for a name that no field may have: checked here once, so that exchanges need not (threats 11). */
function checkNames(...all: readonly (NamedEdits | undefined)[]): void {
  for (const edits of all) {
    if (edits === undefined) continue;
    const names = [...edits.set, ...edits.add].map(({ name }) => name);
    Fields.of([...names, ...edits.rename.map(({ to }) => to)].map((name) => [name, ""]));
  }
}

function editRequest(edits: RequestEdits, scope: TemplateScope): string | null {
  const { request } = scope.exchange;
  const headers = readyNamed(edits.headers, scope);
  const query = readyNamed(edits.query, scope);
  const path = edits.path === null ? null : renderTemplate(edits.path, scope, escapeUri);
  return (
    editFields(request.fields, headers) ??
    editQuery(request, query) ??
    (path === null ? null : editPath(request, path)) ??
    (edits.method === "" ? null : editMethod(request, edits.method))
  );
}

const text = (template: Template, scope: TemplateScope): string => renderTemplate(template, scope, asItIs);

function readyNamed({ rename, set, add, remove }: NamedEdits, scope: TemplateScope): ReadyNamedEdits {
  const ready = (all: NamedEdits["set"]) => all.map(({ name, value }) => [name, text(value, scope)] as const);
  return { rename, set: ready(set), add: ready(add), remove };
}

const readyJson = ({ rename, set, remove }: JsonEdits, scope: TemplateScope): ReadyJsonEdits => ({
  rename,
  set: set.map(({ at, value }) => ({
    at,
    json: "json" in value ? value.json : JSON.stringify(text(value.template, scope).toWellFormed()),
  })),
  remove,
});

/** Why a body of these fields cannot be edited. */
function problemOfBody(fields: Fields): string | null {
  const types = fields.getAll("content-type");
  if (types.length !== 1 || !isJsonType(mediaTypeOf(types[0]!))) return "its body is not said to be JSON";
  const charset = charsetOf(types[0]!);
  if (charset !== "" && charset !== "utf-8") return "its body is not in UTF-8";
  const coding = (fields.getList("content-encoding") ?? "").trim().toLowerCase();
  return coding === "" || coding === "identity" ? null : "its body has a Content-Encoding";
}

export const transform: FilterFactory<TransformConfig> = {
  name: "transform",
  create: (config, context) => new Transform(config, context),
};
