import { DEFAULT_LISTENER_SETTINGS } from "@heddle/engine/model";
import { keyOf, type HTTPRoute, type HTTPRouteRule } from "../../resources/index.ts";
import type { CompileOptions } from "../io/compile-io.ts";
import type { CompileProblem } from "../io/compile-problem.ts";
import type { FactReader } from "../pass/facts.ts";
import { compileHttpMatches, httpPatterns, unreachablePaths } from "./http-route-matches.ts";
import { compileRequestRoute, type RouteResult } from "./request-route.ts";
import type { ParentOutcome } from "./route-parents.ts";
import { ruleName, type RuleSource } from "./rule-source.ts";
import { retryOf } from "./route-settings.ts";

export function compileHttpRoute(route: HTTPRoute, facts: FactReader, options: CompileOptions): RouteResult {
  const { namespace, name } = route.metadata;
  const source = {
    kind: route.kind,
    namespace,
    name: `${namespace}/${name}`,
    rules: route.spec.rules.map(ruleSource),
  };
  return compileRequestRoute(route, source, facts, options, (outcomes) =>
    pathWarnings(route, outcomes, options),
  );
}

function ruleSource(rule: HTTPRouteRule, index: number): RuleSource {
  return {
    name: ruleName(rule.name, index),
    matches: compileHttpMatches(rule),
    patterns: httpPatterns(rule, `spec.rules[${index}]`),
    filters: rule.filters ?? [],
    backendRefs: rule.backendRefs ?? [],
    timeouts: rule.timeouts,
    retry: retryOf(rule.retry),
    sessionPersistence: rule.sessionPersistence,
    translatesGrpcWeb: false,
  };
}

function pathWarnings(
  route: HTTPRoute,
  outcomes: readonly ParentOutcome[],
  options: CompileOptions,
): CompileProblem[] {
  const base = (options.listenerSettings ?? DEFAULT_LISTENER_SETTINGS).escapedSlashes;
  const parents = outcomes.flatMap(({ parent }) => parent ?? []);
  const isKept =
    parents.length === 0 ? base === "keep" : parents.some((one) => one.escapedSlashes === "keep");
  const escapedSlashes = isKept ? "keep" : "refuse";
  const found = route.spec.rules.flatMap((rule, index) =>
    unreachablePaths(rule, `spec.rules[${index}]`, escapedSlashes),
  );
  return found.map(({ path, message }) => ({ key: keyOf(route), path, message, severity: "warning" }));
}
