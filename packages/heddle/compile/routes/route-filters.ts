import type { FilterSpec } from "@heddle/engine/model";
import {
  heddleGroup,
  type LocalReference,
  type BackendObjectReference,
  type HTTPCORSFilter,
  type HTTPExternalAuthFilter,
  type HTTPHeaderFilter,
  type HTTPRequestMirrorFilter,
  type HTTPRequestRedirectFilter,
  type HTTPRouteFilter,
  type HTTPURLRewriteFilter,
} from "../../resources/index.ts";
import { corsConfig } from "../filters/cors-origin.ts";
import { guardsOfCopies } from "../backends/copy-guards.ts";
import type {
  GatewayFilterSpec,
  HeaderModifierConfig,
  MirrorConfig,
  RedirectConfig,
} from "../filters/filter-specs.ts";
import type { ResolvedBackend } from "../backends/backend-ref.ts";
import { externalAuthConfig } from "../filters/external-auth.ts";
import { headerModifierConfig } from "./header-modifier-config.ts";
import type { OwnFilterPlan } from "../filters/own-filter.ts";
import { compilePathChange } from "./path-change.ts";
import type { PolicyFilters } from "../filters/policy-filters.ts";
import { isFinding, makeFinding, type Finding } from "../io/status.ts";

export interface FiltersPlan {
  readonly filters: readonly FilterSpec[];
  /** What this version cannot do: requests that would pass the filters are answered with an error instead. */
  readonly unsupported: readonly Finding[];
  /** References that do not resolve: nothing is copied to a mirror of these. */
  readonly unresolved: readonly Finding[];
  /** Those of them that are of filters that guard: no request may pass without these. */
  readonly unguarded: readonly Finding[];
  readonly clusters: readonly string[];
  /** Names of data units that they read. */
  readonly data: readonly string[];
  /** Whether a filter answers by itself. */
  readonly hasRedirect: boolean;
  readonly hasRewrite: boolean;
}

/** `isGrpc`: what is sent there are gRPC calls. */
export type ResolveRef = (ref: BackendObjectReference, path: string, isGrpc?: boolean) => ResolvedBackend;
/** The filters of what guards what a reference leads to: copies that are sent there pass them. */
export type ResolveGuards = (ref: BackendObjectReference) => PolicyFilters;
/** The Filter of that name, in the route's namespace. */
export type ResolveFilter = (name: string, path: string) => OwnFilterPlan | Finding;

/** How what filters refer to is found. */
export interface FilterReferences {
  readonly backend: ResolveRef;
  readonly filter: ResolveFilter;
  readonly guards: ResolveGuards;
}

/** A filter, and what has to be there for it. */
type Needing = Pick<OwnFilterPlan, "clusters" | "data"> & { readonly spec: FilterSpec };

type Outcome =
  | Needing
  | { readonly spec: GatewayFilterSpec }
  | { readonly unsupported: Finding }
  | { readonly finding: Finding; readonly isGuard?: boolean };

/** The filters of a rule or a backendRef, in their order. `path` is that of the list. Those of GRPCRoutes are some of them. */
export function planFilters(
  filters: readonly HTTPRouteFilter[],
  path: string,
  references: FilterReferences,
): FiltersPlan {
  const outcomes = filters.map((filter, index) => planFilter(filter, `${path}[${index}]`, references));
  const own = outcomes.filter((one) => "data" in one);
  const specs = outcomes.flatMap((one): FilterSpec[] => ("spec" in one ? [one.spec] : []));
  return {
    filters: specs,
    unsupported: outcomes.flatMap((one) => ("unsupported" in one ? [one.unsupported] : [])),
    unresolved: outcomes.flatMap((one) => ("finding" in one ? [one.finding] : [])),
    unguarded: outcomes.flatMap((one) => ("finding" in one && one.isGuard === true ? [one.finding] : [])),
    clusters: own.flatMap(({ clusters }) => clusters),
    data: own.flatMap(({ data }) => data),
    hasRedirect: specs.some((spec) => spec.name === "redirect"),
    hasRewrite: specs.some((spec) => spec.name === "rewrite"),
  };
}

function planFilter(
  filter: HTTPRouteFilter,
  path: string,
  { backend, filter: resolveFilter, guards }: FilterReferences,
): Outcome {
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
      return mirrorOutcome(filter.requestMirror!, `${path}.requestMirror`, backend, guards);
    case "CORS":
      return corsOutcome(filter.cors!, `${path}.cors`);
    case "ExtensionRef":
      return ownOutcome(filter.extensionRef!, `${path}.extensionRef`, resolveFilter);
    case "ExternalAuth":
      return externalAuthOutcome(filter.externalAuth!, `${path}.externalAuth`, backend);
    default:
      return unsupported(`${path}.type`, `unknown filter type ${String(filter.type)}`);
  }
}

function ownOutcome({ group, kind, name }: LocalReference, path: string, resolve: ResolveFilter): Outcome {
  if (group !== heddleGroup || kind !== "Filter")
    return unsupported(
      path,
      `there are no filters of kind ${kind} in group "${group}"; those of your own are of kind Filter in group "${heddleGroup}"`,
    );
  const plan = resolve(name, path);
  return isFinding(plan) ? { finding: plan, isGuard: true } : plan;
}

function unsupported(path: string, message: string): Outcome {
  return { unsupported: makeFinding("UnsupportedValue", path, message) };
}

function modifierOutcome(
  filter: HTTPHeaderFilter,
  direction: HeaderModifierConfig["direction"],
  path: string,
): Outcome {
  const config = headerModifierConfig(filter, direction, path);
  return isFinding(config) ? { unsupported: config } : { spec: { name: "header-modifier", config } };
}

function redirectOutcome(redirect: HTTPRequestRedirectFilter, path: string): Outcome {
  const change = compilePathChange(redirect.path, `${path}.path`);
  if (isFinding(change)) return { unsupported: change };
  const config: RedirectConfig = {
    scheme: redirect.scheme ?? "",
    hostname: redirect.hostname ?? "",
    path: change,
    port: redirect.port ?? 0,
    statusCode: redirect.statusCode,
  };
  return { spec: { name: "redirect", config } };
}

function rewriteOutcome(rewrite: HTTPURLRewriteFilter, path: string): Outcome {
  const change = compilePathChange(rewrite.path, `${path}.path`);
  if (isFinding(change)) return { unsupported: change };
  return { spec: { name: "rewrite", config: { hostname: rewrite.hostname ?? "", path: change } } };
}

function externalAuthOutcome(filter: HTTPExternalAuthFilter, path: string, resolve: ResolveRef): Outcome {
  const resolved = resolve(filter.backendRef, `${path}.backendRef`, filter.protocol === "GRPC");
  if ("finding" in resolved) return { finding: resolved.finding, isGuard: true };
  const config = externalAuthConfig(filter, resolved.cluster, path);
  if (isFinding(config)) return { unsupported: config };
  return { spec: { name: "external-authorization", config }, clusters: [resolved.cluster], data: [] };
}

function mirrorOutcome(
  mirror: HTTPRequestMirrorFilter,
  path: string,
  resolve: ResolveRef,
  resolveGuards: ResolveGuards,
): Outcome {
  const resolved = resolve(mirror.backendRef, `${path}.backendRef`);
  if ("finding" in resolved) return resolved;
  const { numerator, denominator } = mirror.fraction ?? {
    numerator: mirror.percent ?? 100,
    denominator: 100,
  };
  const config: MirrorConfig = { cluster: resolved.cluster, numerator, denominator };
  const { filters, clusters, data } = resolveGuards(mirror.backendRef);
  const guards = guardsOfCopies(filters);
  return {
    spec: { name: "mirror", config, ...(guards.length > 0 && { guards }) },
    clusters: [resolved.cluster, ...clusters],
    data,
  };
}

function corsOutcome(cors: HTTPCORSFilter, path: string): Outcome {
  const config = corsConfig(cors, path);
  return isFinding(config) ? { unsupported: config } : { spec: { name: "cors", config } };
}
