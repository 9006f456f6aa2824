import { Fields, RequestHead } from "../../message/index.ts";
import { DEFAULT_LISTENER_SETTINGS } from "../../model/index.ts";
import type { ListenerUnit, PathMatch, RouteMatch, RouteUnit, ValueMatch } from "../../model/index.ts";
import { compileRouter } from "../compile-router.ts";
import type { ValueOf } from "../compile-router.ts";
import type { Router } from "../router.ts";

/** A listener whose servers are named by their hostnames: server "" has the id "any". */
export function listenerUnit(...hostnames: string[]): ListenerUnit {
  return {
    kind: "listener",
    name: "[::]/80",
    address: "::",
    port: 80,
    protocol: "HTTP",
    servers: hostnames.map((hostname) => ({ id: serverId(hostname), hostname, tls: null })),
    settings: DEFAULT_LISTENER_SETTINGS,
  };
}

export function serverId(hostname: string): string {
  return hostname === "" ? "any" : hostname;
}

export interface RouteOptions {
  readonly createdMs?: number;
  /** Hostname of the server it is attached to. Default "". */
  readonly server?: string;
  /** Default [""]. */
  readonly hostnames?: readonly string[];
}

/** A route; each further argument is a rule, as the list of its matches. */
export function routeUnit(name: string, options: RouteOptions, ...rules: RouteMatch[][]): RouteUnit {
  return {
    kind: "route",
    name,
    createdMs: options.createdMs ?? 0,
    attachments: [{ server: serverId(options.server ?? ""), hostnames: options.hostnames ?? [""] }],
    rules: rules.map((matches, i) => ({
      name: String(i),
      matches,
      filters: [],
      backends: [],
      requestTimeoutMs: 0,
      backendRequestTimeoutMs: 0,
      retry: null,
      sessionPersistence: null,
    })),
  };
}

export interface MatchOptions {
  readonly method?: string;
  readonly headers?: readonly ValueMatch[];
  readonly queryParams?: readonly ValueMatch[];
}

export function match(
  type: PathMatch["type"],
  value: string,
  { method = "", headers = [], queryParams = [] }: MatchOptions = {},
): RouteMatch {
  return { path: { type, value }, method, headers, queryParams };
}

export function exact(value: string, options?: MatchOptions): RouteMatch {
  return match("Exact", value, options);
}

export function prefix(value: string, options?: MatchOptions): RouteMatch {
  return match("PathPrefix", value, options);
}

export function regex(value: string, options?: MatchOptions): RouteMatch {
  return match("RegularExpression", value, options);
}

/** A match of a GRPCRoute; "" stands for any. */
export function call(
  service: string,
  method: string,
  { isPattern = false, ...options }: MatchOptions & { isPattern?: boolean } = {},
): RouteMatch {
  const value = `/${service || "*"}/${method || "*"}`;
  const base = match("PathPrefix", "/", options);
  return { ...base, path: { type: "Call", value, service, method, isPattern } };
}

export function value(name: string, value: string, type: ValueMatch["type"] = "Exact"): ValueMatch {
  return { name, type, value };
}

/** "POST http://shop.localhost/api?x=1" as a head. */
export function request(line: string, fields: [string, string][] = []): RequestHead {
  const [, method, authority, path, query] = /^(\S+) http:\/\/([^/]*)([^?]*)(.*)$/.exec(line)!;
  return new RequestHead(method, "http", authority, path, query, Fields.of(fields));
}

/** Runs a build to its end; returns the number of slices too. */
export function buildRouter<T>(
  listener: ListenerUnit,
  routes: Iterable<RouteUnit>,
  valueOf: ValueOf<T>,
  previous?: Router<T>,
): { router: Router<T>; slices: number } {
  const build = compileRouter(listener, routes, valueOf, previous);
  for (let slices = 1; ; slices++) {
    const step = build.next();
    if (step.done === true) return { router: step.value, slices };
  }
}

/** A router whose values are "namespace/name" and the rule's number: "default/a#0". */
export function namedRouter(listener: ListenerUnit, ...routes: RouteUnit[]): Router<string> {
  return buildRouter(listener, routes, (route, _rule, index) => `${route.name}#${index}`).router;
}
