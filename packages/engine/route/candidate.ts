import { normalizePath } from "../message/index.ts";
import type { RequestHead } from "../message/index.ts";
import type { RouteMatch, RouteRule, RouteUnit } from "../model/index.ts";
import { CallCondition } from "./call-condition.ts";
import type { Regex, RegexResult } from "./regex/index.ts";
import { compileConditions, headerHolds, queryHolds } from "./value-condition.ts";
import type { ValueCondition } from "./value-condition.ts";

export type PathType = RouteMatch["path"]["type"];

/** What the router found: a match of a rule of a route. */
export interface RouteEntry<T> {
  readonly value: T;
  /**
   * What ReplacePrefixMatch replaces: the Exact value, or the prefix without its trailing slash ("/" stays);
   * "" for a regular expression, and for a gRPC call.
   */
  readonly matchedPath: string;
  readonly pathType: PathType;
  readonly route: RouteUnit;
  readonly rule: RouteRule;
  readonly ruleIndex: number;
  readonly matchIndex: number;
}

/** One match of one rule, compiled; shared by all hosts of its route, and by routers as long as the route stays. */
export class Candidate<T> implements RouteEntry<T> {
  readonly value: T;
  readonly matchedPath: string;
  readonly pathType: PathType;
  readonly route: RouteUnit;
  readonly rule: RouteRule;
  readonly ruleIndex: number;
  readonly matchIndex: number;
  /** In normal form; a prefix without its trailing slash, and "" for the prefix "/". */
  readonly path: string;
  /** Of a RegularExpression path; null when it is none, or unusable, and then it matches nothing. */
  readonly regex: Regex | null;
  readonly regexProblem: string;
  /** Of a Call; then `path` says nothing. */
  readonly call: CallCondition | null;
  /** "" for any. */
  readonly method: string;
  readonly headers: readonly ValueCondition[];
  readonly queryParams: readonly ValueCondition[];
  /** Nothing beside the path is asked for. */
  readonly isUnconditional: boolean;

  constructor(
    value: T,
    route: RouteUnit,
    ruleIndex: number,
    matchIndex: number,
    regexOf: (pattern: string) => RegexResult,
  ) {
    const rule = route.rules[ruleIndex];
    const match = rule.matches[matchIndex];
    const { type, value: path } = match.path;
    const isPath = type === "Exact" || type === "PathPrefix";
    const compiled = type === "RegularExpression" ? regexOf(path) : null;
    this.value = value;
    this.path = isPath ? comparablePath(type, path) : path;
    this.matchedPath = !isPath ? "" : this.path === "" ? "/" : this.path;
    this.pathType = type;
    this.route = route;
    this.rule = rule;
    this.ruleIndex = ruleIndex;
    this.matchIndex = matchIndex;
    this.regex = compiled?.regex ?? null;
    this.regexProblem = compiled?.problem ?? "";
    this.call = match.path.type === "Call" ? new CallCondition(match.path, rule, regexOf) : null;
    this.method = match.method;
    this.headers = compileConditions(match.headers, regexOf);
    this.queryParams = compileConditions(match.queryParams, regexOf);
    this.isUnconditional = this.method === "" && this.headers.length === 0 && this.queryParams.length === 0;
  }

  /** Everything but the path: method, headers, query parameters. */
  holds(head: RequestHead): boolean {
    if (this.isUnconditional) return true;
    if (this.method !== "" && this.method !== head.method) return false;
    for (const condition of this.headers) if (!headerHolds(condition, head)) return false;
    for (const condition of this.queryParams) if (!queryHolds(condition, head.query)) return false;
    return true;
  }
}

/** The first of a list in order of precedence that holds; null for none. */
export function firstThatHolds<T>(
  candidates: readonly Candidate<T>[],
  head: RequestHead,
): Candidate<T> | null {
  for (const candidate of candidates) if (candidate.holds(head)) return candidate;
  return null;
}

/** In the normal form that requests come in, so that "/%7Euser" matches "/~user". */
function comparablePath(type: PathType, value: string): string {
  const path = normalizePath(value, "keep") ?? value;
  return type === "PathPrefix" && path.endsWith("/") ? path.slice(0, -1) : path;
}
