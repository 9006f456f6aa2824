import type { CallMatch, RouteRule } from "../model/index.ts";
import type { Regex, RegexResult } from "./regex/index.ts";

/** Longer than any service or method of a match: an Exact value goes before every pattern. */
const EXACT = 2_048;

/** The gRPC calls that a match of a GRPCRoute takes, ready to be tested. */
export class CallCondition {
  /** "" for any. */
  readonly service: string;
  readonly method: string;
  readonly isPattern: boolean;
  readonly servicePattern: Regex | null;
  readonly methodPattern: Regex | null;
  /** Why a pattern is unusable; such a condition never holds. "" for none. */
  readonly problem: string;
  /** What goes before what: see comparePrecedence. */
  readonly serviceRank: number;
  readonly methodRank: number;
  /** A browser asks before the call whether it may make it: its rule has the filter that answers. */
  readonly takesPreflights: boolean;

  constructor(match: CallMatch, rule: RouteRule, regexOf: (pattern: string) => RegexResult) {
    const { service, method, isPattern } = match;
    const ofService = isPattern && service !== "" ? regexOf(service) : null;
    const ofMethod = isPattern && method !== "" ? regexOf(method) : null;
    this.service = service;
    this.method = method;
    this.isPattern = isPattern;
    this.servicePattern = ofService?.regex ?? null;
    this.methodPattern = ofMethod?.regex ?? null;
    this.problem = ofService?.problem || ofMethod?.problem || "";
    this.serviceRank = rankOf(service, isPattern);
    this.methodRank = rankOf(method, isPattern);
    this.takesPreflights = rule.filters.some(({ name }) => name === "cors");
  }

  holds(service: string, method: string): boolean {
    return this.takesService(service) && this.takesMethod(method);
  }

  takesService(service: string): boolean {
    return takes(this.service, this.servicePattern, this.isPattern, service);
  }

  takesMethod(method: string): boolean {
    return takes(this.method, this.methodPattern, this.isPattern, method);
  }
}

function takes(wanted: string, pattern: Regex | null, isPattern: boolean, value: string): boolean {
  if (wanted === "") return true;
  return isPattern ? pattern !== null && pattern.matches(value) : wanted === value;
}

/** "Characters in a matching service" (GRPCRouteRule.matches): a pattern's say nothing of how much it matches. */
function rankOf(value: string, isPattern: boolean): number {
  return value === "" ? 0 : isPattern ? value.length : EXACT + value.length;
}
