import { normalizePath } from "@heddle/engine/message";
import type {
  AuthorizationConfig,
  AuthorizationRule,
  ConditionConfig,
  TextCondition,
  TextMatch,
  TimeWindow,
} from "@heddle/filters";
import {
  parseClaimPath,
  parseKey,
  weekdays,
  type AccessPolicySpec,
  type AuthorizationRuleSpec,
  type ResourceKey,
} from "../../resources/index.ts";
import type { PolicyLevel } from "../attach/index.ts";
import type { RequestFilters, RequestPlace } from "../filters/policy-filters.ts";
import { makeFinding, type Finding } from "../io/status.ts";

const base = "spec.authorization.rules";

/** A policy with rules, at one place. */
interface Level {
  readonly policy: ResourceKey;
  readonly spec: NonNullable<AccessPolicySpec["authorization"]>;
}

/**
 * What may be done, and by whom: one filter of all rules that are in force, and one for each policy that runs dry, which
 * tells of itself alone. Rules that deny hold from every place; those that allow are of the most specific place that
 * has any, so that a place that only denies opens nothing. What runs dry takes no part in that.
 */
export function authorizationFilters(
  levels: readonly PolicyLevel<AccessPolicySpec>[],
  at: RequestPlace,
): RequestFilters {
  const all = levels.flatMap(({ spec: { authorization: spec }, policy }): Level[] =>
    spec === undefined ? [] : [{ spec, policy }],
  );
  const enforced = all.filter(({ spec }) => spec.mode !== "DryRun");
  const allowing = enforced.findLast(allows);
  const lastAllowing = all.findLast(allows);
  const configs = [
    configOf(enforced, false, (level) => level === allowing),
    ...all
      .filter(({ spec }) => spec.mode === "DryRun")
      .map((level) => configOf([level], true, () => level === lastAllowing)),
  ];
  return {
    filters: configs
      .filter(({ rules }) => rules.length > 0)
      .map((config) => ({ stage: "authorization", spec: { name: "authorization", config } })),
    findings: all.flatMap(({ spec }) =>
      spec.rules.flatMap((rule, index) => regexFindings(rule, `${base}[${index}]`, at)),
    ),
  };
}

const allows = ({ spec }: Level): boolean => spec.rules.some(({ action }) => action === "Allow");

/** The rules of places, the least specific first; those that allow only of places for which `mayAllow`. */
function configOf(
  levels: readonly Level[],
  isDryRun: boolean,
  mayAllow: (level: Level) => boolean,
): AuthorizationConfig {
  const taken = levels.map((level) => ({
    policy: policyName(level.policy),
    rules: level.spec.rules.flatMap((rule, index): AuthorizationRule[] => {
      const action = rule.action === "Allow" ? "allow" : "deny";
      if (action === "allow" && !mayAllow(level)) return [];
      return [{ name: rule.name ?? String(index), action, conditions: conditionsOf(rule) }];
    }),
  }));
  const giving = taken.filter(({ rules }) => rules.length > 0);
  return {
    policy: [...new Set(giving.map(({ policy }) => policy))].join(", "),
    isDryRun,
    rules: giving.flatMap(({ rules }) => rules),
  };
}

function policyName(policy: ResourceKey): string {
  const { namespace, name } = parseKey(policy);
  return `AccessPolicy ${namespace}/${name}`;
}

type MatchSpec = NonNullable<AuthorizationRuleSpec["paths"]>[number];
const matchTypes = { Exact: "exact", Prefix: "prefix", RegularExpression: "regex" } as const;

/** In the order of what they cost. */
function conditionsOf(rule: AuthorizationRuleSpec): readonly ConditionConfig[] {
  return [
    ...texts("method", rule.methods, rule.notMethods),
    ...pathConditions(rule),
    ...texts("server-name", rule.serverNames, rule.notServerNames),
    ...addressConditions(rule),
    ...principalConditions(rule.principal),
    ...(rule.claims ?? []).map(({ claim, values, notValues }): ConditionConfig => ({
      on: "claim",
      claim: parseClaimPath(claim)!,
      values: values ?? notValues ?? [],
      isNot: notValues !== undefined,
    })),
    ...texts("identity", rule.source?.identities, rule.source?.notIdentities),
    ...texts("namespace", rule.source?.namespaces, rule.source?.notNamespaces),
    ...(rule.headers ?? []).map(({ name, type, values, notValues }): ConditionConfig => ({
      on: "header",
      name: name.toLowerCase(),
      matches: (values ?? notValues ?? []).map((value) => ({ type: matchTypes[type], value })),
      isNot: notValues !== undefined,
    })),
    ...timeConditions(rule),
  ];
}

/** A condition for each of the two lists that is there. */
function texts(
  on: TextCondition["on"],
  values: readonly string[] | undefined,
  notValues: readonly string[] | undefined,
): readonly ConditionConfig[] {
  return [
    ...(values === undefined ? [] : [{ on, values, isNot: false }]),
    ...(notValues === undefined ? [] : [{ on, values: notValues, isNot: true }]),
  ];
}

function principalConditions(principal: AuthorizationRuleSpec["principal"]): readonly ConditionConfig[] {
  if (principal === undefined) return [];
  const { allScopes } = principal;
  return [
    ...texts("authenticated-by", principal.methods, principal.notMethods),
    ...texts("issuer", principal.issuers, principal.notIssuers),
    ...texts("subject", principal.subjects, principal.notSubjects),
    ...texts("scope", principal.scopes, principal.notScopes),
    ...(allScopes === undefined ? [] : [{ on: "all-scopes" as const, values: allScopes, isNot: false }]),
  ];
}

function pathConditions({ paths, notPaths }: AuthorizationRuleSpec): readonly ConditionConfig[] {
  const matches = (specs: readonly MatchSpec[]): readonly TextMatch[] =>
    specs.map(({ type, value }) => ({
      type: matchTypes[type],
      // In the form that requests have: /%61dmin is /admin.
      value: type === "RegularExpression" ? value : (normalizePath(value, "keep") ?? value),
    }));
  return [
    ...(paths === undefined ? [] : [{ on: "path" as const, paths: matches(paths), isNot: false }]),
    ...(notPaths === undefined ? [] : [{ on: "path" as const, paths: matches(notPaths), isNot: true }]),
  ];
}

function addressConditions(rule: AuthorizationRuleSpec): readonly ConditionConfig[] {
  const { clientAddresses: ranges, notClientAddresses: notRanges } = rule;
  const on = "client-address" as const;
  return [
    ...(ranges === undefined ? [] : [{ on, ranges, isNot: false }]),
    ...(notRanges === undefined ? [] : [{ on, ranges: notRanges, isNot: true }]),
  ];
}

type TimeSpec = NonNullable<AuthorizationRuleSpec["times"]>[number];

function timeConditions({ times, notTimes }: AuthorizationRuleSpec): readonly ConditionConfig[] {
  const on = "time" as const;
  return [
    ...(times === undefined ? [] : [{ on, windows: times.map(windowOf), isNot: false }]),
    ...(notTimes === undefined ? [] : [{ on, windows: notTimes.map(windowOf), isNot: true }]),
  ];
}

function windowOf({ days = [], from, to, timeZone, since, until }: TimeSpec): TimeWindow {
  return {
    days: days.map((day) => weekdays.indexOf(day)),
    fromMinute: minuteOf(from),
    toMinute: minuteOf(to),
    timeZone,
    sinceMs: since === undefined ? null : Date.parse(since),
    untilMs: until === undefined ? null : Date.parse(until),
  };
}

function minuteOf(time: string): number {
  const [hours, minutes] = time.split(":").map(Number);
  return hours! * 60 + minutes!;
}

function regexFindings(
  rule: AuthorizationRuleSpec,
  path: string,
  { options }: RequestPlace,
): readonly Finding[] {
  const check = options.checkRegex ?? (() => null);
  const patterns = [
    ...patternsOf(rule.paths, `${path}.paths`),
    ...patternsOf(rule.notPaths, `${path}.notPaths`),
    ...(rule.headers ?? []).flatMap(({ type, values, notValues }, index) =>
      type !== "RegularExpression"
        ? []
        : (values ?? notValues ?? []).map((value) => ({ path: `${path}.headers[${index}]`, value })),
    ),
  ];
  return patterns.flatMap((pattern) => {
    const mistake = check(pattern.value);
    return mistake === null ? [] : [makeFinding("UnsupportedValue", pattern.path, mistake)];
  });
}

const patternsOf = (matches: readonly MatchSpec[] | undefined, path: string) =>
  (matches ?? []).flatMap(({ type, value }, index) =>
    type === "RegularExpression" ? [{ path: `${path}[${index}].value`, value }] : [],
  );
