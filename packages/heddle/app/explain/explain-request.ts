import {
  Fields,
  isFieldValue,
  isToken,
  normalizePath,
  parseAuthority,
  portOf,
  RequestHead,
} from "@heddle/engine/message";
import type {
  ListenerUnit,
  RequestLimits,
  RouteRule,
  RouteUnit,
  ServerSpec,
  Unit,
} from "@heddle/engine/model";
import { compileRouter, type ExplainedCandidate, type RouteEntry } from "@heddle/engine/route";
import { missingListener } from "./missing-listener.ts";
import type { CompileOutput, PolicySource } from "../../compile/index.ts";
import { FilterWalk, type ExplainedFilter } from "./effects/describe-filter.ts";
import {
  explainBackend,
  explainFacts,
  type ExplainedBackend,
  type ExplainFacts,
} from "./explained-backend.ts";
import { answersTo, type ExplainedAnswers } from "./explained-answers.ts";
import { runInSlices } from "../../sources/index.ts";

/** A request to explain. */
export interface ExplainRequest {
  readonly method: string;
  readonly url: string;
  readonly scheme: "http" | "https";
  readonly port: number;
  readonly head: RequestHead;
}

/** What a request would meet, as plain data: `heddle explain -o json`. */
export interface RequestExplanation {
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly host: string;
    readonly path: string;
  };
  /** One for each bound address that has the request's port and scheme; usually one. */
  readonly listeners: readonly ExplainedListener[];
  /** Why there is no listener, or the request is answered without one; "" otherwise. */
  readonly problem: string;
  /** What its client sees where it is not forwarded. */
  readonly answers: ExplainedAnswers;
}

export interface ExplainedListener {
  /** "[::]/8080" */
  readonly address: string;
  /** "namespace/gateway/listener", or with a ListenerSet's namespace and name before the listener; null where no hostname of it fits. */
  readonly server: string | null;
  readonly hostname: string;
  readonly match: ExplainedMatch | null;
  /** What has a part in how it is refused, where no rule matches. */
  readonly unrouted: Pick<ExplainedMatch, "filters" | "policies">;
  readonly others: readonly ExplainedOther[];
}

export interface ExplainedMatch {
  readonly route: string;
  readonly rule: string;
  /** The condition that matched, in words. */
  readonly condition: string;
  readonly filters: readonly ExplainedFilter[];
  /** Milliseconds; 0 for none. */
  readonly requestTimeoutMs: number;
  readonly backendRequestTimeoutMs: number;
  readonly retry: RouteRule["retry"];
  readonly sessionPersistence: RouteRule["sessionPersistence"];
  readonly policies: readonly PolicySource[];
  readonly backends: readonly ExplainedRequestBackend[];
}

export interface ExplainedRequestBackend extends ExplainedBackend {
  readonly filters: readonly ExplainedFilter[];
  /** In place of the rule's; null: those of the rule. */
  readonly limits: RequestLimits | null;
}

export interface ExplainedOther {
  readonly route: string;
  readonly rule: string;
  readonly condition: string;
  readonly verdict: "shadowed" | "refused";
  readonly reason: string;
}

/** More than this is no help; those of the highest precedence are kept. */
const maxOthers = 100;

/** Reads a method, an absolute URL and `name: value` headers. Throws Error that says what cannot be read. */
export function parseExplainRequest(method: string, url: string, headers: readonly string[]): ExplainRequest {
  if (!isToken(method)) throw new Error(`${JSON.stringify(method)} is no method`);
  const parts =
    /^(?<scheme>https?):\/\/(?<authority>[^/?#]*)(?<path>[^?#]*)(?<query>\?[^#]*)?(?:#.*)?$/i.exec(
      url,
    )?.groups;
  if (parts === undefined)
    throw new Error(`${JSON.stringify(url)} is no URL such as http://shop.localhost:8080/api`);
  const scheme = parts["scheme"]!.toLowerCase() as "http" | "https";
  const fields = new Fields();
  let authority = parts["authority"]!;
  for (const header of headers) {
    const colon = header.indexOf(":");
    const name = header.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    const value = header.slice(colon + 1).trim();
    if (colon === -1 || !isToken(name) || !isFieldValue(value)) {
      throw new Error(`${JSON.stringify(header)} is no header such as "x-canary: always"`);
    }
    if (name === "host") authority = value;
    else fields.add(name, value);
  }
  const host = parseAuthority(authority);
  if (host === null) throw new Error(`${JSON.stringify(authority)} is no host`);
  const path = normalizePath(parts["path"] === "" ? "/" : parts["path"]!, "refuse");
  if (path === null) {
    throw new Error(
      `path ${parts["path"]} is refused with 400: escaped slashes, control characters and climbing dots are`,
    );
  }
  const port = portOf(parseAuthority(parts["authority"]!) ?? "") || (scheme === "https" ? 443 : 80);
  return {
    method,
    url,
    scheme,
    port,
    head: new RequestHead(method, scheme, host, path, parts["query"] ?? "", fields),
  };
}

/** Explains a request by the units that are in force, and the policies that went into them. */
export async function explainRequest(
  request: ExplainRequest,
  units: readonly Unit[],
  policies: CompileOutput["policies"],
): Promise<RequestExplanation> {
  const { head, method, url, port, scheme } = request;
  const all = units.filter((unit) => unit.kind === "listener");
  const found = all.filter((unit) => unit.port === port && unit.protocol === scheme.toUpperCase());
  const routes = units.filter((unit) => unit.kind === "route");
  const facts = explainFacts(units, policies);
  const listeners: ExplainedListener[] = [];
  for (const unit of found) listeners.push(await explainListener(unit, routes, facts, head));
  const problem = found.length > 0 ? "" : missingListener(scheme, port, all);
  const shown = { method, url, host: head.authority, path: head.path + head.query };
  return { request: shown, listeners, problem, answers: answersTo(head) };
}

async function explainListener(
  unit: ListenerUnit,
  routes: readonly RouteUnit[],
  facts: ExplainFacts,
  head: RequestHead,
): Promise<ExplainedListener> {
  const router = await runInSlices(compileRouter(unit, routes, () => null));
  const { server, match, candidates } = router.explain(head);
  const others = candidates.filter(({ verdict }) => verdict !== "matched").slice(0, maxOthers);
  return {
    address: unit.name,
    server: server?.id ?? null,
    hostname: server?.hostname ?? "",
    match: match === null ? null : explainMatch(match, facts, head, unit.port),
    unrouted: match === null ? explainUnrouted(unit, server, facts, head) : { filters: [], policies: [] },
    others: others.map(explainOther),
  };
}

function explainUnrouted(
  unit: ListenerUnit,
  server: ServerSpec | null,
  { policies }: ExplainFacts,
  head: RequestHead,
): ExplainedListener["unrouted"] {
  const { unrouted = [] } = server ?? unit;
  if (unrouted.length === 0) return { filters: [], policies: [] };
  const { id } = server ?? unit.servers[0]!;
  return {
    filters: new FilterWalk(head, unit.port, "").describe(unrouted),
    policies: policies.get(`unrouted:${id}`) ?? [],
  };
}

function explainMatch(
  match: RouteEntry<null>,
  facts: ExplainFacts,
  head: RequestHead,
  port: number,
): ExplainedMatch {
  const { route, rule, matchedPath } = match;
  const total = rule.backends.reduce((sum, { weight }) => sum + weight, 0);
  const walk = () => new FilterWalk(head, port, matchedPath);
  const filters = walk().describe(rule.filters);
  // What answers by itself goes to no backend.
  const backends = filters.some(({ isAnswer }) => isAnswer) ? [] : rule.backends;
  return {
    route: route.name,
    rule: rule.name,
    condition: describeCondition(match),
    filters,
    requestTimeoutMs: rule.requestTimeoutMs,
    backendRequestTimeoutMs: rule.backendRequestTimeoutMs,
    retry: rule.retry,
    sessionPersistence: rule.sessionPersistence,
    policies: facts.policies.get(`route:${route.name}/${rule.name}`) ?? [],
    backends: backends.map((backend) => {
      const all = walk().describe([...rule.filters, ...backend.filters]);
      const explained = explainBackend(backend, total, facts);
      const own = facts.policies.get(`route:${route.name}/${rule.name}/${backend.cluster}`) ?? [];
      return {
        ...explained,
        policies: [...own, ...explained.policies],
        filters: all.slice(rule.filters.length),
        limits: backend.limits ?? null,
      };
    }),
  };
}

function explainOther({ entry, verdict, reason }: ExplainedCandidate<null>): ExplainedOther {
  return {
    route: entry.route.name,
    rule: entry.rule.name,
    condition: describeCondition(entry),
    verdict: verdict === "shadowed" ? "shadowed" : "refused",
    reason: verdict === "shadowed" ? "would match too, and comes later in precedence" : reason,
  };
}

/** `PathPrefix /api, method GET, header x-canary = always`. */
function describeCondition({ rule, matchIndex }: RouteEntry<null>): string {
  const { path, method, headers, queryParams } = rule.matches[matchIndex]!;
  const operator = (type: string) => (type === "Exact" ? "=" : "~");
  return [
    `${path.type} ${path.value}`,
    ...(method === "" ? [] : [`method ${method}`]),
    ...headers.map(({ name, type, value }) => `header ${name} ${operator(type)} ${value}`),
    ...queryParams.map(({ name, type, value }) => `query ${name} ${operator(type)} ${value}`),
  ].join(", ");
}
