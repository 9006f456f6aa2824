import type { RouteUnit } from "@heddle/engine/model";
import { keyOf } from "../resources/index.ts";
import { createdMs } from "./age.ts";
import { defaultControllerName, type CompileOptions, type HashedUnit } from "./compile-io.ts";
import { problemOf, type CompileProblem } from "./compile-problem.ts";
import type { FactReader } from "./facts.ts";
import { hashUnit } from "./hash-unit.ts";
import { claimsOf, withoutLost, type RouteClaim } from "./route-conflicts.ts";
import { attachmentsOf, resolveParents, type ParentOutcome, type RequestRoute } from "./route-parents.ts";
import { planRules, type RulesPlan, type RulesSource } from "./route-rules.ts";
import {
  condition,
  goodUnless,
  type RouteParentStatus,
  type RouteStatus,
  type StatusCondition,
  type Verdict,
  verdictOf,
} from "./status.ts";

export interface RouteResult {
  /** Null where no served listener takes the route. */
  readonly unit: HashedUnit | null;
  readonly status: RouteStatus;
  /** The listeners that count it in attachedRoutes, each once, with its hosts there. */
  readonly claims: readonly RouteClaim[];
  /** Clusters that its rules name. */
  readonly clusters: readonly string[];
  readonly problems: readonly CompileProblem[];
}

/** As many as a status may have. */
const maxParents = 32;

/**
 * A route of requests as a unit with its status; looks at nothing but the route and what it reads of the facts.
 * `source` is what the kind of route makes of its rules, `warnings` what else it has to say.
 */
export function compileRequestRoute(
  route: RequestRoute,
  source: RulesSource,
  facts: FactReader,
  options: CompileOptions,
  warnings: (outcomes: readonly ParentOutcome[]) => readonly CompileProblem[],
): RouteResult {
  const { outcomes, problems } = withoutLost(route, resolveParents(route, facts), facts);
  const upstream = upstreamOf(route, outcomes);
  const rules = planRules(source, upstream.id, facts, options);
  const attachments = attachmentsOf(route, outcomes);
  const isInvalid = rules.invalid.length > 0 && rules.invalid.length === source.rules.length;
  const invalid = isInvalid ? wholeVerdict(rules) : null;
  const unit: RouteUnit = {
    kind: "route",
    name: source.name,
    attachments,
    rules: rules.rules,
    createdMs: createdMs(route),
  };
  const isReached = attachments.length > 0 && rules.rules.length > 0;
  const accepted = invalid === null ? outcomes.filter(({ refused }) => refused === null) : [];
  const parents = outcomes.map((outcome) => parentStatus(route, outcome, rules, invalid, options));
  return {
    unit: isReached ? hashUnit(unit) : null,
    status: { parents: parents.slice(0, maxParents) },
    claims: claimsOf(route, accepted),
    clusters: isReached ? rules.clusters : [],
    problems: [...problems, ...findingProblems(route, rules), ...upstream.problems, ...warnings(outcomes)],
  };
}

/**
 * Under which upstream settings the clusters of a route are reached: those of its first parent that serves it, since
 * its rules are one unit, whichever Gateway a request comes by.
 */
function upstreamOf(route: RequestRoute, outcomes: readonly ParentOutcome[]) {
  const serving = outcomes.flatMap(({ gateway, listeners }) =>
    gateway !== null && listeners.some(({ isServed }) => isServed) ? [gateway] : [],
  );
  const [first] = serving;
  const other = serving.find(({ upstreamId }) => upstreamId !== first?.upstreamId);
  if (first === undefined || other === undefined) return { id: first?.upstreamId ?? "", problems: [] };
  const message = `Gateways ${first.namespace}/${first.name} and ${other.namespace}/${other.name} have different upstream settings, and those of the first hold for this route; give each Gateway a route of its own`;
  const problem: CompileProblem = {
    key: keyOf(route),
    path: "spec.parentRefs",
    message,
    severity: "warning",
  };
  return { id: first.upstreamId, problems: [problem] };
}

function wholeVerdict({ invalid }: RulesPlan): Verdict {
  return verdictOf(invalid.flatMap(({ findings }) => findings))!;
}

function parentStatus(
  route: RequestRoute,
  { parentRef, refused }: ParentOutcome,
  rules: RulesPlan,
  invalid: Verdict | null,
  options: CompileOptions,
): RouteParentStatus {
  const { generation } = route.metadata;
  const conditions: StatusCondition[] = [
    goodUnless("Accepted", verdictOf([refused]) ?? invalid, "Accepted", generation),
    goodUnless("ResolvedRefs", verdictOf(rules.unresolved), "ResolvedRefs", generation),
  ];
  if (invalid === null && rules.invalid.length > 0 && refused === null) {
    conditions.push(condition("PartiallyInvalid", "True", partialVerdict(rules), generation));
  }
  return { parentRef, controllerName: options.controllerName ?? defaultControllerName, conditions };
}

/** The message begins as the Gateway API asks where rules are not served as they stand. */
function partialVerdict({ invalid }: RulesPlan): Verdict {
  const names = invalid.map(({ rule }) => rule).join(", ");
  const findings = invalid.flatMap((one) => one.findings);
  const { message } = verdictOf(findings)!;
  return { reason: "UnsupportedValue", message: `Dropped Rule ${names}: ${message}` };
}

/** Findings as `heddle check` prints them: the field path apart. */
function findingProblems(route: RequestRoute, { invalid, unresolved }: RulesPlan): CompileProblem[] {
  const findings = [...invalid.flatMap((one) => one.findings), ...unresolved];
  return findings.map((finding) => problemOf(keyOf(route), finding));
}
