import type { Filter, FilterContext, FilterFactory, Reply } from "@heddle/engine/filter";
import { isToken } from "@heddle/engine/message";
import type { Exchange, Fields, RequestHead, ResponseHead } from "@heddle/engine/message";
import type { CorsConfig } from "./config.ts";
import { matchOrigin } from "./match-origin.ts";

/** Every response header of the CORS protocol: those of an upstream would widen or contradict the policy. */
const corsHeaders: readonly string[] = [
  "access-control-allow-origin",
  "access-control-allow-credentials",
  "access-control-allow-methods",
  "access-control-allow-headers",
  "access-control-expose-headers",
  "access-control-max-age",
];

/**
 * Answers preflights and tells browsers which origins may read responses. It hides nothing from other clients: a
 * request of a denied origin is forwarded and its response goes without CORS headers, as the Fetch standard has it.
 *
 * An allowed origin is always echoed, never "*", so one rule serves with and without credentials, and Vary: Origin
 * is on every response, since a cache must not hand the one for no origin to another.
 */
class Cors implements Filter {
  readonly name = "cors";
  private readonly config: CorsConfig;
  private readonly slot: number;
  private readonly methods: string;
  private readonly headers: string;
  private readonly exposed: string;

  constructor(config: CorsConfig, context: FilterContext) {
    this.config = config;
    this.slot = context.reserveSlot();
    this.methods = config.allowMethods.join(", ");
    this.headers = config.allowHeaders.join(", ");
    const names = config.exposeHeaders;
    this.exposed = (config.allowCredentials ? names.filter((name) => name !== "*") : names).join(", ");
  }

  requestHead(exchange: Exchange): Reply | undefined {
    const { request } = exchange;
    const origin = this.allowedOrigin(request);
    // Kept: a later filter may remove Origin before the response comes.
    exchange.slots![this.slot] = origin;
    return isPreflight(request) ? this.answerPreflight(request, origin) : undefined;
  }

  responseHead(exchange: Exchange, head: ResponseHead): void {
    const { fields } = head;
    // Undefined: an earlier filter answered before this one saw the request.
    const origin = (exchange.slots![this.slot] as string | undefined) ?? this.allowedOrigin(exchange.request);
    if (!isPreflight(exchange.request)) {
      for (const name of corsHeaders) fields.delete(name);
      if (origin !== "") for (const [name, value] of this.sharedHeaders(origin)) fields.add(name, value);
    }
    addVary(fields, "Origin");
  }

  /** The request's origin where it is allowed, else "". Several, or none, are not (threats 14). */
  private allowedOrigin(request: RequestHead): string {
    const origins = request.fields.getAll("origin");
    return origins.length === 1 && matchOrigin(origins[0], this.config.allowOrigins) ? origins[0] : "";
  }

  /** 200 rather than 204: the Gateway API's conformance tests ask for it in places, and every browser takes both. */
  private answerPreflight(request: RequestHead, origin: string): Reply {
    if (origin === "") return { status: 200, headers: [], body: "" };
    const headers = this.sharedHeaders(origin);
    const methods = this.allowedMethods(request);
    if (methods !== "") headers.push(["access-control-allow-methods", methods]);
    const names = this.allowedHeaders(request);
    if (names !== "") headers.push(["access-control-allow-headers", names]);
    headers.push(["access-control-max-age", String(this.config.maxAge)]);
    return { status: 200, headers, body: "" };
  }

  /** What preflights and actual responses have in common. */
  private sharedHeaders(origin: string): [string, string][] {
    const headers: [string, string][] = [["access-control-allow-origin", origin]];
    if (this.config.allowCredentials) headers.push(["access-control-allow-credentials", "true"]);
    if (this.exposed !== "") headers.push(["access-control-expose-headers", this.exposed]);
    return headers;
  }

  private allowedMethods(request: RequestHead): string {
    if (!this.config.allowMethods.includes("*")) return this.methods;
    const asked = request.fields.getAll("access-control-request-method");
    return asked.length === 1 && isToken(asked[0]) ? asked[0] : "";
  }

  /** A wildcard echoes what was asked for: browsers do not take "*" to mean Authorization. */
  private allowedHeaders(request: RequestHead): string {
    if (!this.config.allowHeaders.includes("*")) return this.headers;
    const asked = request.fields.getList("access-control-request-headers");
    if (asked === undefined) return "";
    const names = asked.split(",").map((name) => name.trim());
    return names.every(isToken) ? names.join(", ") : "";
  }
}

/** Fetch, "CORS-preflight request". */
function isPreflight(request: RequestHead): boolean {
  return (
    request.method === "OPTIONS" &&
    request.fields.has("origin") &&
    request.fields.has("access-control-request-method")
  );
}

function addVary(fields: Fields, name: string): void {
  const before = fields.getList("vary");
  if (before === undefined) {
    fields.add("vary", name);
    return;
  }
  const lower = name.toLowerCase();
  const listed = before.split(",").map((one) => one.trim().toLowerCase());
  if (!listed.includes(lower) && !listed.includes("*")) fields.set("vary", `${before}, ${name}`);
}

export const cors: FilterFactory<CorsConfig> = {
  name: "cors",
  create: (config, context) => new Cors(config, context),
};
