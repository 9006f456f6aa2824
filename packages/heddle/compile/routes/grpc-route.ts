import type { GRPCRoute, GRPCRouteRule } from "../../resources/index.ts";
import type { CompileOptions } from "../io/compile-io.ts";
import type { FactReader } from "../pass/facts.ts";
import { compileGrpcMatches, grpcPatterns } from "./grpc-route-matches.ts";
import { compileRequestRoute, type RouteResult } from "./request-route.ts";
import { ruleName, type RuleSource } from "./rule-source.ts";

/** A GRPCRoute: a route of gRPC calls, whose backends are reached by HTTP/2. */
export function compileGrpcRoute(route: GRPCRoute, facts: FactReader, options: CompileOptions): RouteResult {
  const { namespace, name } = route.metadata;
  const source = {
    kind: route.kind,
    namespace,
    name: `grpcroute/${namespace}/${name}`,
    rules: (route.spec.rules ?? []).map(ruleSource),
  };
  return compileRequestRoute(route, source, facts, options, () => []);
}

function ruleSource(rule: GRPCRouteRule, index: number): RuleSource {
  return {
    name: ruleName(rule.name, index),
    matches: compileGrpcMatches(rule),
    patterns: grpcPatterns(rule, `spec.rules[${index}]`),
    filters: rule.filters ?? [],
    backendRefs: rule.backendRefs ?? [],
    timeouts: undefined,
    retry: null,
    sessionPersistence: rule.sessionPersistence,
    // Its backends speak gRPC.
    translatesGrpcWeb: true,
  };
}
