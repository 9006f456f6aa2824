import { hashText } from "@heddle/engine/base";
import { isToken } from "@heddle/engine/message";
import type { BackendSpec, RetrySpec, RouteRule, SessionPersistenceSpec } from "@heddle/engine/model";
import {
  gatewayGroup,
  parseDurationMs,
  type HTTPBackendRef,
  type HTTPRoute,
  type HTTPRouteRetry,
  type HTTPRouteRule,
} from "../resources/index.ts";
import { resolveBackend } from "./backend-ref.ts";
import type { CompileOptions } from "./compile-io.ts";
import type { FactReader } from "./facts.ts";
import { planFilters } from "./http-route-filters.ts";
import { compileMatches, regexMistakes } from "./http-route-matches.ts";
import { makeFinding, type Finding } from "./status.ts";

export interface RulesPlan {
  readonly rules: readonly RouteRule[];
  /** By rule: why it is not done as it asks. */
  readonly invalid: readonly { readonly rule: string; readonly findings: readonly Finding[] }[];
  readonly unresolved: readonly Finding[];
  readonly clusters: readonly string[];
}

interface RulePlan {
  readonly rule: RouteRule | null;
  readonly invalid: readonly Finding[];
  readonly unresolved: readonly Finding[];
  readonly clusters: readonly string[];
}

/** Retries where `retry` is given without a number or pause. */
const defaultAttempts = 1;
const defaultBackoffMs = 25;

const referrer = (route: HTTPRoute) => ({
  group: gatewayGroup,
  kind: "HTTPRoute",
  namespace: route.metadata.namespace,
});

/** A share of requests that cannot be forwarded (Gateway API: 500). */
const unresolvedShare = (weight: number): BackendSpec => ({
  cluster: null,
  weight,
  filters: [],
  status: 500,
});

export function planRules(route: HTTPRoute, facts: FactReader, options: CompileOptions): RulesPlan {
  const plans = route.spec.rules.map((rule, index) => planRule(route, rule, index, facts, options));
  return {
    rules: plans.flatMap(({ rule }) => (rule === null ? [] : [rule])),
    invalid: plans.flatMap(({ invalid }, index) =>
      invalid.length === 0 ? [] : [{ rule: nameOf(route.spec.rules[index]!, index), findings: invalid }],
    ),
    unresolved: plans.flatMap(({ unresolved }) => unresolved),
    clusters: [...new Set(plans.flatMap(({ clusters }) => clusters))],
  };
}

const nameOf = ({ name }: HTTPRouteRule, index: number) => name ?? String(index);

function planRule(
  route: HTTPRoute,
  rule: HTTPRouteRule,
  index: number,
  facts: FactReader,
  options: CompileOptions,
): RulePlan {
  const path = `spec.rules[${index}]`;
  const noRegex = regexMistakes(rule, path, options.checkRegex ?? (() => null));
  // Nobody can tell which requests it was meant for.
  if (noRegex.length > 0) return { rule: null, invalid: noRegex, unresolved: [], clusters: [] };
  const from = referrer(route);
  const control = options.controlAddresses ?? [];
  const resolve = (ref: HTTPBackendRef | Omit<HTTPBackendRef, "weight">, at: string) =>
    resolveBackend(ref, at, from, facts, control);
  const own = planFilters(rule.filters ?? [], `${path}.filters`, resolve);
  const backends = (rule.backendRefs ?? []).map((ref, i) =>
    planBackendRef(ref, `${path}.backendRefs[${i}]`, resolve),
  );
  const session = sessionOf(route, rule, index);
  const incompatible = own.hasRewrite ? backends.flatMap(({ redirect }) => redirect ?? []) : [];
  const invalid = [
    ...incompatible,
    ...own.unsupported,
    ...backends.flatMap(({ unsupported }) => unsupported),
    ...("mistake" in session ? [session.mistake] : []),
  ];
  // Where a filter cannot be applied nothing passes it: the requests are answered with an error, never let through.
  const isClosed = incompatible.length > 0 || own.unsupported.length > 0 || "mistake" in session;
  const specs = backends.map(({ spec }) => spec);
  return {
    rule: {
      name: nameOf(rule, index),
      matches: compileMatches(rule),
      filters: isClosed ? [] : own.filters,
      backends: isClosed ? [unresolvedShare(1)] : own.hasRedirect ? [] : withAnswer(specs),
      requestTimeoutMs: durationMs(rule.timeouts?.request),
      backendRequestTimeoutMs: durationMs(rule.timeouts?.backendRequest),
      retry: rule.retry === undefined ? null : retryOf(rule.retry),
      sessionPersistence: "spec" in session ? session.spec : null,
    },
    invalid,
    unresolved: [...own.unresolved, ...backends.flatMap(({ unresolved }) => unresolved)],
    clusters: isClosed ? [] : [...own.clusters, ...backends.flatMap(({ clusters }) => clusters)],
  };
}

/** Without any backend that takes requests every one is answered with 500. */
function withAnswer(specs: readonly BackendSpec[]): readonly BackendSpec[] {
  return specs.some(({ weight }) => weight > 0) ? specs : [...specs, unresolvedShare(1)];
}

interface BackendPlan {
  readonly spec: BackendSpec;
  /** What to say of a redirect of the backend where the rule rewrites: the two may not be combined. */
  readonly redirect: Finding | null;
  readonly unsupported: readonly Finding[];
  readonly unresolved: readonly Finding[];
  readonly clusters: readonly string[];
}

function planBackendRef(
  ref: HTTPBackendRef,
  path: string,
  resolve: (ref: Omit<HTTPBackendRef, "weight">, path: string) => ReturnType<typeof resolveBackend>,
): BackendPlan {
  const plan = planFilters(ref.filters ?? [], `${path}.filters`, resolve);
  const { filters, unsupported, unresolved, clusters } = plan;
  const redirect = plan.hasRedirect
    ? makeFinding(
        "IncompatibleFilters",
        `${path}.filters`,
        "RequestRedirect cannot be combined with the URLRewrite of the rule; remove one",
      )
    : null;
  const resolved = resolve(ref, path);
  if ("finding" in resolved || unsupported.length > 0) {
    const own = "finding" in resolved ? [resolved.finding] : [];
    return {
      spec: unresolvedShare(ref.weight),
      redirect,
      unsupported,
      unresolved: [...unresolved, ...own],
      clusters: [],
    };
  }
  const { cluster } = resolved;
  const spec: BackendSpec = { cluster, weight: ref.weight, filters, status: 500 };
  return { spec, redirect, unsupported, unresolved, clusters: [cluster, ...clusters] };
}

/** 0, for none, where it is not given or zero. */
function durationMs(text: string | undefined): number {
  return text === undefined ? 0 : (parseDurationMs(text) ?? 0);
}

function retryOf({ attempts = defaultAttempts, codes = [], backoff }: HTTPRouteRetry): RetrySpec {
  const backoffMs = backoff === undefined ? defaultBackoffMs : durationMs(backoff);
  return { codes: [...codes].sort((a, b) => a - b), attempts, backoffMs };
}

function sessionOf(
  route: HTTPRoute,
  rule: HTTPRouteRule,
  index: number,
): { readonly spec: SessionPersistenceSpec | null } | { readonly mistake: Finding } {
  const session = rule.sessionPersistence;
  if (session === undefined) return { spec: null };
  const { namespace, name: routeName } = route.metadata;
  const name = session.sessionName ?? sessionName(`${namespace}/${routeName}/${nameOf(rule, index)}`);
  if (!isToken(name)) {
    const message = `${JSON.stringify(name)} is no ${session.type.toLowerCase()} name`;
    return {
      mistake: makeFinding(
        "UnsupportedValue",
        `spec.rules[${index}].sessionPersistence.sessionName`,
        message,
      ),
    };
  }
  const absoluteTimeoutMs = durationMs(session.absoluteTimeout);
  const isPermanent = session.cookieConfig?.lifetimeType === "Permanent";
  return { spec: { name, type: session.type, absoluteTimeoutMs, idleTimeoutMs: 0, isPermanent } };
}

/** One of its own for each rule, so that sessions of two rules on one host do not overwrite each other. */
function sessionName(rule: string): string {
  return `heddle-session-${hashText(rule).toString(16).padStart(8, "0")}`;
}
