import { normalizePath } from "@heddle/engine/message";
import type { RouteMatch, ValueMatch } from "@heddle/engine/model";
import type { HTTPRouteMatch, HTTPRouteRule } from "../resources/index.ts";
import { makeFinding, type Finding } from "./status.ts";

type CheckRegex = (pattern: string) => string | null;

interface NamedValue {
  readonly name: string;
  readonly type: ValueMatch["type"];
  readonly value: string;
}

/** The matches of a rule in the router's form. */
export function compileMatches({ matches }: HTTPRouteRule): RouteMatch[] {
  // A list that was given empty matches everything, as one that was not given.
  if (matches.length === 0) return [anyRequest];
  return matches.map((match) => ({
    path: { type: match.path.type, value: match.path.value },
    method: match.method ?? "",
    headers: firstOfEach(match.headers ?? [], (name) => name.toLowerCase()),
    queryParams: firstOfEach(match.queryParams ?? [], (name) => name),
  }));
}

const anyRequest: RouteMatch = {
  path: { type: "PathPrefix", value: "/" },
  method: "",
  headers: [],
  queryParams: [],
};

/** Of entries with equivalent names only the first is considered (HTTPHeaderMatch.name, HTTPQueryParamMatch.name). */
function firstOfEach(values: readonly NamedValue[], normalName: (name: string) => string): ValueMatch[] {
  const found = new Map<string, ValueMatch>();
  for (const { name, type, value } of values) {
    const key = normalName(name);
    if (!found.has(key)) found.set(key, { name: key, type, value });
  }
  return [...found.values()];
}

/** The regular expressions of a rule that cannot be used. */
export function regexMistakes({ matches }: HTTPRouteRule, path: string, check: CheckRegex): Finding[] {
  const found: Finding[] = [];
  for (const { path: field, pattern } of matches.flatMap((match, index) =>
    patternsOf(match, `${path}.matches[${index}]`),
  )) {
    const mistake = check(pattern);
    if (mistake !== null) found.push(makeFinding("UnsupportedValue", field, mistake));
  }
  return found;
}

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

function patternsOf(match: HTTPRouteMatch, path: string): { path: string; pattern: string }[] {
  const entries = [
    { path: `${path}.path.value`, type: match.path.type, pattern: match.path.value },
    ...(match.headers ?? []).map((one, i) => entry(one, `${path}.headers[${i}].value`)),
    ...(match.queryParams ?? []).map((one, i) => entry(one, `${path}.queryParams[${i}].value`)),
  ];
  return entries.filter(({ type }) => type === "RegularExpression");
}

function entry({ type, value }: NamedValue, path: string) {
  return { path, type, pattern: value };
}
