import { normalizePath } from "@heddle/engine/message";
import type { RouteMatch } from "@heddle/engine/model";
import type { HTTPRouteRule } from "../../resources/index.ts";

import { firstOfEach, lowerCase, valuePatterns, type FieldPattern } from "./route-matches.ts";

/** The matches of a rule in the router's form. */
export function compileHttpMatches({ matches }: HTTPRouteRule): RouteMatch[] {
  // A list that was given empty matches everything, as one that was not given.
  if (matches.length === 0) return [anyRequest];
  return matches.map((match) => ({
    path: { type: match.path.type, value: match.path.value },
    method: match.method ?? "",
    headers: firstOfEach(match.headers ?? [], lowerCase),
    queryParams: firstOfEach(match.queryParams ?? [], (name) => name),
  }));
}

const anyRequest: RouteMatch = {
  path: { type: "PathPrefix", value: "/" },
  method: "",
  headers: [],
  queryParams: [],
};

/** Paths that no request has, since the listener refuses all that would (escaped slashes, dot segments in disguise). */
export function unreachablePaths(
  { matches }: HTTPRouteRule,
  path: string,
  escapedSlashes: "refuse" | "keep",
): { path: string; message: string }[] {
  return matches.flatMap(({ path: { type, value } }, index) => {
    if (type === "RegularExpression" || normalizePath(value, escapedSlashes) !== null) return [];
    const message = `requests with the path ${JSON.stringify(value)} are refused before they are routed; the match never applies`;
    return [{ path: `${path}.matches[${index}].path.value`, message }];
  });
}

/** The regular expressions of a rule. */
export function httpPatterns({ matches }: HTTPRouteRule, path: string): FieldPattern[] {
  return matches.flatMap((match, index) => {
    const at = `${path}.matches[${index}]`;
    const ofPath = { path: `${at}.path.value`, pattern: match.path.value };
    return [
      ...(match.path.type === "RegularExpression" ? [ofPath] : []),
      ...valuePatterns(match.headers, `${at}.headers`),
      ...valuePatterns(match.queryParams, `${at}.queryParams`),
    ];
  });
}
