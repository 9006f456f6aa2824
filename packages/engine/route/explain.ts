import type { RequestHead } from "../message/index.ts";
import type { RouteUnit, ServerSpec } from "../model/index.ts";
import { callKind, methodOf, serviceOf } from "./call-table.ts";
import type { Candidate, RouteEntry } from "./candidate.ts";
import type { CallCondition } from "./call-condition.ts";
import { comparePrecedence } from "./precedence.ts";
import { queryParam } from "./query-param.ts";
import type { ServerTable } from "./server-table.ts";
import { headerHolds, headerValue, queryHolds } from "./value-condition.ts";
import type { ValueCondition } from "./value-condition.ts";

export interface ExplainedCandidate<T> {
  readonly entry: RouteEntry<T>;
  /** The route's hostname under which it was considered: "" (any), exact or "*.x". */
  readonly hostname: string;
  /** "matched": it serves the request. "shadowed": it would, if none before it did. */
  readonly verdict: "matched" | "shadowed" | "refused";
  /** Why it did not match, as a clause: "method is GET, not POST"; "" unless refused. */
  readonly reason: string;
}

/** Why a request goes where it goes. */
export interface Explanation<T> {
  /** Lower-case, without port and trailing dot. */
  readonly host: string;
  /** Null when no server has a hostname for it. */
  readonly server: ServerSpec | null;
  readonly match: RouteEntry<T> | null;
  /** In order of precedence; those of hostnames that do not match the host are left out. */
  readonly candidates: readonly ExplainedCandidate<T>[];
}

export function explainRoute<T>(
  host: string,
  head: RequestHead,
  server: ServerTable<T> | null,
  compiled: ReadonlyMap<RouteUnit, readonly Candidate<T>[]>,
): Explanation<T> {
  const candidates: ExplainedCandidate<T>[] = [];
  let match: RouteEntry<T> | null = null;
  for (let level = server?.hosts.find(host) ?? null; level !== null; level = level.fallback) {
    const ordered = level.value.routes.flatMap((route) => compiled.get(route) ?? []).sort(comparePrecedence);
    for (const entry of ordered) {
      const reason = reasonAgainst(entry, head);
      const verdict = reason !== "" ? "refused" : match === null ? "matched" : "shadowed";
      if (verdict === "matched") match = entry;
      candidates.push({ entry, hostname: level.hostname, verdict, reason });
    }
  }
  return { host, server: server?.spec ?? null, match, candidates };
}

/** "" when the candidate matches. */
function reasonAgainst(candidate: Candidate<unknown>, head: RequestHead): string {
  const path = candidate.call === null ? pathReason(candidate, head.path) : callReason(candidate.call, head);
  if (path !== "") return path;
  if (candidate.call !== null && callKind(head) === "preflight") return "";
  if (candidate.method !== "" && candidate.method !== head.method) {
    return `method is ${head.method}, not ${candidate.method}`;
  }
  for (const condition of candidate.headers) {
    if (headerHolds(condition, head)) continue;
    return conditionReason(`header ${condition.name}`, condition, headerValue(head, condition.name));
  }
  for (const condition of candidate.queryParams) {
    if (queryHolds(condition, head.query)) continue;
    const value = queryParam(head.query, condition.name);
    return conditionReason(`query parameter ${condition.name}`, condition, value);
  }
  return "";
}

function pathReason(candidate: Candidate<unknown>, path: string): string {
  switch (candidate.pathType) {
    case "Exact":
      return path === candidate.path ? "" : `path is not ${candidate.path}`;
    case "PathPrefix":
      return isBelow(path, candidate.path) ? "" : `path is not below ${candidate.matchedPath}`;
    case "RegularExpression":
      if (candidate.regex === null) return `path's regular expression is invalid: ${candidate.regexProblem}`;
      return candidate.regex.matches(path) ? "" : `path does not match ${candidate.path}`;
    case "Call":
      return "";
  }
}

function callReason(call: CallCondition, head: RequestHead): string {
  const kind = callKind(head);
  if (kind === "none") return "request is no gRPC call (POST with content-type application/grpc)";
  if (kind === "preflight" && !call.takesPreflights) return "rule answers no CORS preflight";
  if (call.problem !== "") return `regular expression is invalid: ${call.problem}`;
  const service = serviceOf(head.path);
  const verb = call.isPattern ? "does not match" : "is not";
  if (!call.takesService(service)) return `service "${service}" ${verb} ${call.service}`;
  const method = methodOf(head.path);
  return call.takesMethod(method) ? "" : `method "${method}" ${verb} ${call.method}`;
}

/** By segments: "/foo" is below "/foo", "/foo/bar" too, "/foobar" is not. */
function isBelow(path: string, prefix: string): boolean {
  if (!path.startsWith("/") || !path.startsWith(prefix)) return false;
  return path.length === prefix.length || path[prefix.length] === "/";
}

function conditionReason(what: string, condition: ValueCondition, value: string | undefined): string {
  if (condition.problem !== "") return `${what} has an invalid regular expression: ${condition.problem}`;
  if (value === undefined) return `${what} is missing`;
  return condition.regex === null
    ? `${what} is "${value}", not "${condition.value}"`
    : `${what} is "${value}", which does not match ${condition.regex.pattern}`;
}
