import { GRPC_STATUS_CODES } from "./grpc-status-codes.ts";
import type { RetrySpec } from "@heddle/engine/model";
import {
  keyOf,
  type HTTPRouteFilter,
  type TrafficPolicy,
  type TrafficPolicySpec,
} from "../resources/index.ts";
import { compareAge } from "./age.ts";
import type { Collector } from "./collector.ts";
import { defaultControllerName, type CompileOptions } from "./compile-io.ts";
import type { FactReader, Facts } from "./facts.ts";
import type { CompileMemo } from "./memo.ts";
import type { RequestRoute } from "./route-parents.ts";
import { ruleName, type RuleSource } from "./route-rules.ts";
import { retryOf } from "./route-settings.ts";
import { goodUnless, makeFinding, verdictOf, type Finding } from "./status.ts";

/** A policy in force for a route, or for one of its rules. */
interface Attached {
  /** "" for all rules. */
  readonly sectionName: string;
  readonly spec: TrafficPolicySpec;
}

const trafficFact = (kind: string, namespace: string, name: string) =>
  `~traffic/${kind}/${namespace}/${name}`;

/**
 * Makes the policies facts that routes read, and gives them their statuses. Of two with one target the older holds;
 * that of a rule goes before that of its route, field by field.
 */
export function attachTrafficPolicies(
  facts: Facts,
  memo: CompileMemo,
  options: CompileOptions,
  collector: Collector,
): void {
  const attached = new Map<string, Attached[]>();
  const holders = new Map<string, TrafficPolicy>();
  const routes = routesByName(facts);
  for (const policy of [...facts.ofKind("TrafficPolicy")].sort(compareAge)) {
    const ancestors = policy.spec.targetRefs.map((target, index) => {
      const finding = attach(policy, index, routes, holders, attached);
      if (finding !== null) collector.findings(keyOf(policy), [finding]);
      const { generation, namespace } = policy.metadata;
      return {
        ancestorRef: { ...target, namespace },
        controllerName: options.controllerName ?? defaultControllerName,
        conditions: [goodUnless("Accepted", verdictOf([finding]), "Accepted", generation)],
      };
    });
    collector.status(keyOf(policy), { ancestors });
  }
  for (const [fact, list] of attached) facts.set(fact, memo.keepValue(fact, list));
}

function routesByName(facts: Facts): ReadonlyMap<string, RequestRoute> {
  if (facts.ofKind("TrafficPolicy").length === 0) return new Map();
  const routes = [...facts.ofKind("HTTPRoute"), ...facts.ofKind("GRPCRoute")];
  return new Map(
    routes.map((route) => [trafficFact(route.kind, route.metadata.namespace, route.metadata.name), route]),
  );
}

/** Null where the policy holds for that target; else why it does not. */
function attach(
  policy: TrafficPolicy,
  index: number,
  routes: ReadonlyMap<string, RequestRoute>,
  holders: Map<string, TrafficPolicy>,
  attached: Map<string, Attached[]>,
): Finding | null {
  const { kind, name, sectionName = "" } = policy.spec.targetRefs[index]!;
  const { namespace } = policy.metadata;
  const path = `spec.targetRefs[${index}]`;
  const fact = trafficFact(kind, namespace, name);
  const route = routes.get(fact);
  if (route === undefined) {
    return makeFinding("TargetNotFound", path, `there is no ${kind} ${namespace}/${name}`);
  }
  if (sectionName !== "" && !ruleNames(route).includes(sectionName)) {
    return makeFinding("TargetNotFound", `${path}.sectionName`, `${kind} ${name} has no rule ${sectionName}`);
  }
  const target = `${fact}#${sectionName}`;
  const holder = holders.get(target);
  if (holder !== undefined) {
    const message = `TrafficPolicy ${holder.metadata.name}, which is older, holds for this target already; remove one`;
    return makeFinding("Conflicted", path, message);
  }
  holders.set(target, policy);
  attached.set(fact, [...(attached.get(fact) ?? []), { sectionName, spec: policy.spec }]);
  return null;
}

const ruleNames = ({ spec }: RequestRoute) =>
  (spec.rules ?? []).map((rule: { name?: string }, index) => ruleName(rule.name, index));

/** The rules of a route with what policies add; a route's own word goes before them. */
export function withTrafficPolicies(
  route: RequestRoute,
  rules: readonly RuleSource[],
  facts: FactReader,
): readonly RuleSource[] {
  const { namespace, name } = route.metadata;
  const attached = facts.read(trafficFact(route.kind, namespace, name)) as readonly Attached[] | undefined;
  if (attached === undefined) return rules;
  return rules.map((rule) => {
    const ofRule = attached.find(({ sectionName }) => sectionName === rule.name)?.spec;
    const ofRoute = attached.find(({ sectionName }) => sectionName === "")?.spec;
    return addPolicy(rule, { ...ofRoute, ...ofRule });
  });
}

function addPolicy(
  rule: RuleSource,
  { timeouts, retry, cors, grpcWeb }: Partial<TrafficPolicySpec>,
): RuleSource {
  const hasCors = rule.filters.some(({ type }) => type === "CORS");
  const filter: HTTPRouteFilter[] = cors === undefined || hasCors ? [] : [{ type: "CORS", cors }];
  return {
    ...rule,
    // First, as it answers preflights, and marks what other filters answer.
    filters: [...filter, ...rule.filters],
    timeouts: rule.timeouts ?? timeouts,
    retry: rule.retry ?? retrySpec(retry),
    translatesGrpcWeb: grpcWeb === undefined ? rule.translatesGrpcWeb : grpcWeb === "Translate",
  };
}

function retrySpec(retry: TrafficPolicySpec["retry"]): RetrySpec | null {
  if (retry === undefined) return null;
  const { grpcCodes, ...http } = retry;
  const spec = retryOf(http)!;
  return grpcCodes === undefined
    ? spec
    : { ...spec, grpcCodes: grpcCodes.map((name) => GRPC_STATUS_CODES[name]).sort((a, b) => a - b) };
}
