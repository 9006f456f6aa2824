import { isFieldValue, isToken } from "@heddle/engine/message";
import type { FilterSpec } from "@heddle/engine/model";
import type {
  HTTPCORSFilter,
  HTTPHeader,
  HTTPHeaderFilter,
  HTTPPathModifier,
  HTTPRequestMirrorFilter,
  HTTPRequestRedirectFilter,
  HTTPRouteFilter,
  HTTPURLRewriteFilter,
} from "../resources/index.ts";
import { corsConfig } from "./cors-origin.ts";
import type {
  GatewayFilterSpec,
  HeaderModifierConfig,
  HeaderValue,
  PathChange,
  RedirectConfig,
} from "./filter-specs.ts";
import type { ResolvedBackend } from "./backend-ref.ts";
import type { Finding } from "./status.ts";

export interface FiltersPlan {
  readonly filters: readonly FilterSpec[];
  /** What this version cannot do: requests that would pass the filters are answered with an error instead. */
  readonly unsupported: readonly Finding[];
  /** References of mirrors that do not resolve: nothing is copied to them. */
  readonly unresolved: readonly Finding[];
  readonly clusters: readonly string[];
  /** Whether a filter answers by itself. */
  readonly hasRedirect: boolean;
}

type Resolve = (ref: HTTPRequestMirrorFilter["backendRef"], path: string) => ResolvedBackend;
type Outcome =
  | { readonly spec: GatewayFilterSpec }
  | { readonly unsupported: string }
  | { readonly finding: Finding };

/** The filters of a rule or a backendRef, in their order. `path` is that of the list. */
export function planFilters(
  filters: readonly HTTPRouteFilter[],
  path: string,
  resolve: Resolve,
): FiltersPlan {
  const outcomes = filters.map((filter, index) => planFilter(filter, `${path}[${index}]`, resolve));
  const specs = outcomes.flatMap((one) => ("spec" in one ? [one.spec] : []));
  return {
    filters: specs,
    unsupported: outcomes.flatMap((one) =>
      "unsupported" in one ? [{ reason: "UnsupportedValue", message: one.unsupported }] : [],
    ),
    unresolved: outcomes.flatMap((one) => ("finding" in one ? [one.finding] : [])),
    clusters: specs.flatMap((spec) => (spec.name === "mirror" ? [spec.config.cluster] : [])),
    hasRedirect: specs.some((spec) => spec.name === "redirect"),
  };
}

function planFilter(filter: HTTPRouteFilter, path: string, resolve: Resolve): Outcome {
  switch (filter.type) {
    case "RequestHeaderModifier":
      return modifierOutcome(filter.requestHeaderModifier!, "request", `${path}.requestHeaderModifier`);
    case "ResponseHeaderModifier":
      return modifierOutcome(filter.responseHeaderModifier!, "response", `${path}.responseHeaderModifier`);
    case "RequestRedirect":
      return redirectOutcome(filter.requestRedirect!, `${path}.requestRedirect`);
    case "URLRewrite":
      return rewriteOutcome(filter.urlRewrite!, `${path}.urlRewrite`);
    case "RequestMirror":
      return mirrorOutcome(filter.requestMirror!, `${path}.requestMirror`, resolve);
    case "CORS":
      return corsOutcome(filter.cors!, `${path}.cors`);
    case "ExtensionRef": {
      const { group, kind } = filter.extensionRef!;
      return {
        unsupported: `${path}.extensionRef: there are no filters of kind ${kind} in group "${group}"`,
      };
    }
    case "ExternalAuth":
      return { unsupported: `${path}.externalAuth: this version has no external authorization yet` };
    default:
      return { unsupported: `${path}.type: unknown filter type ${String(filter.type)}` };
  }
}

/** Heddle frames messages by itself; a filter that changed these fields would break the framing, or the routing. */
const framingNames: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

function modifierOutcome(
  { set = [], add = [], remove = [] }: HTTPHeaderFilter,
  direction: HeaderModifierConfig["direction"],
  path: string,
): Outcome {
  const mistake =
    firstMistake(set, (header, i) => headerMistake(header, `${path}.set[${i}]`)) ??
    firstMistake(add, (header, i) => headerMistake(header, `${path}.add[${i}]`)) ??
    firstMistake(remove, (name, i) => nameMistake(name, `${path}.remove[${i}]`));
  if (mistake !== null) return { unsupported: mistake };
  const config: HeaderModifierConfig = {
    direction,
    set: headerValues(set),
    add: headerValues(add),
    remove: [...new Set(remove.map((name) => name.toLowerCase()))],
  };
  return { spec: { name: "header-modifier", config } };
}

function firstMistake<T>(
  items: readonly T[],
  mistakeOf: (item: T, index: number) => string | null,
): string | null {
  for (const [index, item] of items.entries()) {
    const mistake = mistakeOf(item, index);
    if (mistake !== null) return mistake;
  }
  return null;
}

function headerMistake({ name, value }: HTTPHeader, path: string): string | null {
  if (!isFieldValue(value)) return `${path}.value: is no header value`;
  return nameMistake(name, `${path}.name`);
}

function nameMistake(name: string, path: string): string | null {
  if (!isToken(name)) return `${path}: ${JSON.stringify(name)} is no header name`;
  const lower = name.toLowerCase();
  if (lower === "host") return `${path}: Host cannot be changed here; use a URLRewrite filter with hostname`;
  return framingNames.has(lower) ? `${path}: ${name} frames the message and cannot be changed` : null;
}

/** Names are compared without case, and of equal ones the first counts (HTTPHeader.name). */
function headerValues(headers: readonly HTTPHeader[]): HeaderValue[] {
  const found = new Map<string, HeaderValue>();
  for (const { name, value } of headers) {
    const lower = name.toLowerCase();
    if (!found.has(lower)) found.set(lower, { name: lower, value });
  }
  return [...found.values()];
}

function redirectOutcome(redirect: HTTPRequestRedirectFilter, path: string): Outcome {
  const change = pathChange(redirect.path, `${path}.path`);
  if ("mistake" in change) return { unsupported: change.mistake };
  const config: RedirectConfig = {
    scheme: redirect.scheme ?? "",
    hostname: redirect.hostname ?? "",
    path: change.path,
    port: redirect.port ?? 0,
    statusCode: redirect.statusCode,
  };
  return { spec: { name: "redirect", config } };
}

function rewriteOutcome(rewrite: HTTPURLRewriteFilter, path: string): Outcome {
  const change = pathChange(rewrite.path, `${path}.path`);
  if ("mistake" in change) return { unsupported: change.mistake };
  return { spec: { name: "rewrite", config: { hostname: rewrite.hostname ?? "", path: change.path } } };
}

/** RFC 3986 section 3.3: the characters of a path. */
const pathText = /^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})*$/;

function pathChange(
  modifier: HTTPPathModifier | undefined,
  path: string,
): { readonly path: PathChange | null } | { readonly mistake: string } {
  if (modifier === undefined) return { path: null };
  const isFull = modifier.type === "ReplaceFullPath";
  const field = isFull ? "replaceFullPath" : "replacePrefixMatch";
  const text = modifier[field] ?? "";
  if (!pathText.test(text)) {
    return {
      mistake: `${path}.${field}: ${JSON.stringify(text)} is no path; percent-encode other characters`,
    };
  }
  const absolute = text === "" || text.startsWith("/") ? text : `/${text}`;
  if (isFull) return { path: { type: "full", value: absolute === "" ? "/" : absolute } };
  return { path: { type: "prefix", value: absolute.replace(/\/+$/, "") } };
}

function mirrorOutcome(mirror: HTTPRequestMirrorFilter, path: string, resolve: Resolve): Outcome {
  const resolved = resolve(mirror.backendRef, `${path}.backendRef`);
  if ("finding" in resolved) return resolved;
  const { numerator, denominator } = mirror.fraction ?? {
    numerator: mirror.percent ?? 100,
    denominator: 100,
  };
  return { spec: { name: "mirror", config: { cluster: resolved.cluster, numerator, denominator } } };
}

function corsOutcome(cors: HTTPCORSFilter, path: string): Outcome {
  const config = corsConfig(cors);
  return typeof config === "string"
    ? { unsupported: `${path}.${config}` }
    : { spec: { name: "cors", config } };
}
