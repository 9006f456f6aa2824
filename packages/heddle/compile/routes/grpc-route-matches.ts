import type { RouteMatch } from "@heddle/engine/model";
import type { GRPCMethodMatch, GRPCRouteRule } from "../../resources/index.ts";
import { firstOfEach, lowerCase, valuePatterns, type FieldPattern } from "./route-matches.ts";

/** The matches of a rule in the router's form; without any it takes every gRPC call. */
export function compileGrpcMatches({ matches = [] }: GRPCRouteRule): RouteMatch[] {
  if (matches.length === 0) return [callMatch(undefined, [])];
  return matches.map(({ method, headers = [] }) => callMatch(method, firstOfEach(headers, lowerCase)));
}

function callMatch(match: GRPCMethodMatch | undefined, headers: RouteMatch["headers"]): RouteMatch {
  const { type, service = "", method = "" } = match ?? {};
  const value = `/${service === "" ? "*" : service}/${method === "" ? "*" : method}`;
  return {
    path: { type: "Call", value, service, method, isPattern: type === "RegularExpression" },
    method: "",
    headers,
    queryParams: [],
  };
}

/** The regular expressions of a rule. */
export function grpcPatterns({ matches = [] }: GRPCRouteRule, path: string): FieldPattern[] {
  return matches.flatMap(({ method, headers }, index) => {
    const at = `${path}.matches[${index}]`;
    return [...methodPatterns(method, `${at}.method`), ...valuePatterns(headers, `${at}.headers`)];
  });
}

function methodPatterns(match: GRPCMethodMatch | undefined, path: string): FieldPattern[] {
  if (match?.type !== "RegularExpression") return [];
  return (["service", "method"] as const).flatMap((name) => {
    const pattern = match[name] ?? "";
    return pattern === "" ? [] : [{ path: `${path}.${name}`, pattern }];
  });
}
