import type { RouteUnit } from "@heddle/engine/model";
import { keyOf, type ResourceKey } from "../../resources/index.ts";
import { createdMs } from "../values/age.ts";
import type { CanaryPlan } from "../io/canary-io.ts";
import type { PolicySource } from "../policies/policy-source.ts";
import { defaultControllerName, type CompileOptions, type HashedUnit } from "../io/compile-io.ts";
import { problemOf, type CompileProblem } from "../io/compile-problem.ts";
import type { FactReader } from "../pass/facts.ts";
import { hashUnit } from "../pass/hash-unit.ts";
import { claimsOf, withoutLost, type RouteClaim } from "./route-conflicts.ts";
import { attachmentsOf, resolveParents, type ParentOutcome, type RequestRoute } from "./route-parents.ts";
import { partName, routeParts } from "./route-parts.ts";
import { withRulePolicies } from "./rule-policies.ts";
import { planRules, type RulesPlan } from "./route-rules.ts";
import type { RulesSource } from "./rule-source.ts";
import {
  condition,
  goodUnless,
  type RouteParentStatus,
  type RouteStatus,
  type StatusCondition,
  type Verdict,
  verdictOf,
} from "../io/status.ts";

export interface RouteResult {
  readonly key: ResourceKey;
  /** None where no served listener takes the route. */
  readonly units: readonly HashedUnit[];
  readonly status: RouteStatus;
  /** The listeners that count it in attachedRoutes, each once, with its hosts there. */
  readonly claims: readonly RouteClaim[];
  /** Clusters that its rules name, with the listeners that lead to them. */
  readonly reached: readonly RouteReach[];
  /** Names of data units that filters of its rules read. */
  readonly data: readonly string[];
  readonly problems: readonly CompileProblem[];
  /** Where what policies say of its rules comes from, by "route:UNIT/RULE", of their backends with "/CLUSTER". */
  readonly policies: readonly (readonly [string, readonly PolicySource[]])[];
  readonly canaries: readonly CanaryPlan[];
}

export interface RouteReach {
  /** Ids. */
  readonly listeners: readonly string[];
  /** Names. */
  readonly clusters: readonly string[];
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
  const parts = routeParts(outcomes, facts).map(({ id, upstreamId, places, outcomes: own }, at) => {
    const name = at === 0 ? source.name : partName(source.name, id);
    const withAll = withRulePolicies(route, source, places, upstreamId, facts, options);
    const plan = planRules({ ...source, rules: withAll.rules }, upstreamId, facts, options);
    return { ...planPart(route, name, own, plan), sources: mergeSources(withAll.sources, plan.sources) };
  });
  // What is wrong with the rules is the same in all.
  const { rules } = parts[0]!;
  const isInvalid = rules.invalid.length > 0 && rules.invalid.length === source.rules.length;
  const invalid = isInvalid ? wholeVerdict(rules) : null;
  const reached = parts.filter(({ unit }) => unit.attachments.length > 0 && unit.rules.length > 0);
  const accepted = invalid === null ? outcomes.filter(({ refused }) => refused === null) : [];
  const parents = outcomes.map((outcome) => parentStatus(route, outcome, rules, invalid, options));
  const claims = claimsOf(route, accepted);
  return {
    key: keyOf(route),
    units: reached.map(({ unit }) => hashUnit(unit)),
    status: { parents: parents.slice(0, maxParents) },
    claims,
    reached: [
      {
        listeners: claims.map(({ listener }) => listener),
        clusters: [...new Set(reached.flatMap((part) => part.rules.clusters))],
      },
    ],
    problems: [...problems, ...findingProblems(route, rules), ...rules.problems, ...warnings(outcomes)],
    data: [...new Set(reached.flatMap((part) => part.rules.data))],
    canaries: reached.flatMap((part) => part.rules.canaries),
    policies: reached.flatMap(({ unit, sources, rules: { backendPolicies } }) =>
      [...sources, ...backendPolicies].map(([rule, own]) => [`route:${unit.name}/${rule}`, own] as const),
    ),
  };
}

/** By rule, those of both. */
function mergeSources(...all: readonly RulesPlan["sources"][]): RulesPlan["sources"] {
  const merged = new Map<string, PolicySource[]>();
  for (const [rule, sources] of all.flat()) {
    if (sources.length > 0) merged.set(rule, [...(merged.get(rule) ?? []), ...sources]);
  }
  return [...merged];
}

/** The unit of a part of a route, with the plan of its rules. */
function planPart(route: RequestRoute, name: string, outcomes: readonly ParentOutcome[], rules: RulesPlan) {
  const unit: RouteUnit = {
    kind: "route",
    name,
    attachments: attachmentsOf(route, outcomes),
    rules: rules.rules,
    createdMs: createdMs(route),
  };
  return { unit, rules };
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
  if (invalid === null && rules.dropped.length > 0 && refused === null) {
    conditions.push(condition("PartiallyInvalid", "True", partialVerdict(rules), generation));
  }
  return { parentRef, controllerName: options.controllerName ?? defaultControllerName, conditions };
}

/** The message begins as the Gateway API asks where rules are not served as they stand. */
function partialVerdict({ dropped }: RulesPlan): Verdict {
  const names = dropped.map(({ rule }) => rule).join(", ");
  const findings = dropped.flatMap((one) => one.findings);
  const { message } = verdictOf(findings)!;
  return { reason: "UnsupportedValue", message: `Dropped Rule ${names}: ${message}` };
}

/** Findings as `heddle check` prints them: the field path apart. */
function findingProblems(route: RequestRoute, { invalid, unresolved }: RulesPlan): CompileProblem[] {
  const findings = [...invalid.flatMap((one) => one.findings), ...unresolved];
  return findings.map((finding) => problemOf(keyOf(route), finding));
}
