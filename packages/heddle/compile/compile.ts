import { noAcmeStates } from "./io/acme-io.ts";
import { reportIssuers } from "./gateways/acme-issuers.ts";
import { acmeRequests } from "./gateways/acme-requests.ts";
import { attachPolicies } from "./attach/index.ts";
import { reportBackends } from "./backends/backend-status.ts";
import { reportTlsPolicies, ServiceReach } from "./backends/backend-tls-status.ts";
import { canaryFact } from "./routes/canary.ts";
import { compileCluster } from "./backends/clusters.ts";
import { Collector } from "./pass/collector.ts";
import type { CompileInput, CompileOptions, CompileOutput } from "./io/compile-io.ts";
import { compileData } from "./data/data-units.ts";
import { type FactReader, type Facts, tlsTargetsFact } from "./pass/facts.ts";
import { compileGatewayClasses, selectGateways } from "./gateways/gateway-class.ts";
import { planGatewayServices } from "./gateways/gateway-service.ts";
import { gatewayStatus } from "./gateways/gateway-status.ts";
import { planGateways, reportGateway } from "./gateways/gateway.ts";
import { compileGrpcRoute } from "./routes/grpc-route.ts";
import { compileHttpRoute } from "./routes/http-route.ts";
import type { RouteResult } from "./routes/request-route.ts";
import { findLost, lostFact } from "./routes/route-conflicts.ts";
import type { RequestRoute } from "./routes/route-parents.ts";
import { listenerSetStatus } from "./gateways/listener-set-status.ts";
import { listenerUnits } from "./gateways/listener-units.ts";
import { CompileMemo } from "./pass/memo.ts";
import { addOwnFilterFacts, reportOwnFilters } from "./filters/own-filter.ts";
import { noOwnFilters } from "./io/own-filter-io.ts";
import { publishGateways } from "./gateways/publish-gateways.ts";
import { messageOf, reportRejected } from "./pass/rejected.ts";
import { policyKinds } from "./policies/policy-kinds.ts";
import { compileStreamRoute } from "./routes/stream-route.ts";
import { reportSettings } from "./gateways/parameters-ref.ts";
import { planUnrouted } from "./gateways/unrouted.ts";
import { tlsTargets } from "./backends/tls-policies.ts";

/** Routes or clusters between two yields: new ones take some 20 µs each. */
const sliceLength = 64;
/** ListenerSets told of between two yields: each has several listeners. */
const setSliceLength = 16;
/** Results gathered between two yields. */
const indexSliceLength = 512;

const noWeights: ReadonlyMap<string, number> = new Map();

/** Turns resources into the units of a Snapshot and the statuses of the resources. Never throws on what a user wrote. */
export function compile(input: CompileInput, memo?: CompileMemo): CompileOutput {
  const slices = compileInSlices(input, memo);
  for (;;) {
    const step = slices.next();
    if (step.done === true) return step.value;
  }
}

/** As `compile`, in steps of about a millisecond. A run may be abandoned between two of them. */
export function* compileInSlices(
  {
    resources,
    rejected = [],
    options,
    acme = noAcmeStates,
    canaryWeights = noWeights,
    ownFilters = noOwnFilters,
  }: CompileInput,
  memo: CompileMemo = new CompileMemo(),
): Generator<void, CompileOutput> {
  memo.begin(options);
  const collector = new Collector();
  const { facts } = memo;
  let done = 0;
  yield* facts.take(resources);
  for (const { key, problems } of rejected) facts.addRejected(key, messageOf(problems));
  for (const [id, weight] of canaryWeights) facts.set(canaryFact(id), weight);
  addOwnFilterFacts(facts, memo, ownFilters);
  for (const [namespace, targets] of tlsTargets(facts.ofKind("BackendTLSPolicy"), rejected)) {
    const fact = tlsTargetsFact(namespace);
    facts.set(fact, memo.keepValue(fact, targets));
  }
  for (const kind of policyKinds) {
    const policies = facts.ofKind(kind.kind);
    yield* attachPolicies(kind, policies, rejected, { facts, memo, options, collector });
  }
  yield;
  const classes = compileGatewayClasses(facts, options, collector);
  const gateways = selectGateways(facts.ofKind("Gateway"), classes, collector);
  const plans = yield* planGateways(gateways, classes, { facts, memo, options, collector, states: acme });
  collector.certificates(acmeRequests(plans));
  yield;
  yield* publishGateways(plans, facts, memo);
  const clusters = new Set<string>();
  const data = new Set<string>();
  const reach = new ServiceReach();
  const unrouted = yield* planUnrouted(plans, { facts, memo, options });
  for (const { id, sources, ...needed } of unrouted.values()) {
    for (const name of needed.data) data.add(name);
    for (const name of needed.clusters) clusters.add(name);
    reach.add({ listeners: [id], clusters: needed.clusters });
    collector.policies(`unrouted:${id}`, sources);
  }
  for (const unit of listenerUnits(plans, unrouted, collector)) {
    collector.unitOf(memo, facts, memo.keepValue(`listener/${unit.name}`, unit));
    yield;
  }

  const streams: RouteResult[] = [];
  for (const kind of ["TLSRoute", "TCPRoute", "UDPRoute"] as const) {
    for (const route of facts.ofKind(kind)) streams.push(memo.inOrder(route, compileStreamRoute));
  }
  const requests: RouteResult[] = [];
  for (const routes of [facts.ofKind("HTTPRoute"), facts.ofKind("GRPCRoute")]) {
    for (const route of routes) {
      requests.push(memo.inOrder(route, compileRoute));
      if (++done % sliceLength === 0) yield;
    }
  }
  settleConflicts(requests, facts, memo, options);
  const results = [...requests, ...streams];
  collector.routes(results);
  const attached = new Map<string, number>();
  // Of thousands of routes most have nothing of most of these: not even an iterator is made then.
  const gather = (result: RouteResult): void => {
    if (result.problems.length > 0) collector.problemsOf(result.problems);
    if (result.canaries.length > 0) collector.canaries(result.canaries);
    if (result.data.length > 0) for (const name of result.data) data.add(name);
    if (result.policies.length > 0)
      for (const [of, sources] of result.policies) collector.policies(of, sources);
    for (let at = 0; at < result.claims.length; at++) {
      const { listener } = result.claims[at]!;
      attached.set(listener, (attached.get(listener) ?? 0) + 1);
    }
    for (let at = 0; at < result.reached.length; at++) {
      const reached = result.reached[at]!;
      reach.add(reached);
      for (let i = 0; i < reached.clusters.length; i++) clusters.add(reached.clusters[i]!);
    }
  };
  for (const result of results) {
    gather(result);
    if (++done % indexSliceLength === 0) yield;
  }
  const reported = new Set<string>();
  for (const name of clusters) {
    const result = memo.of(`cluster:${name}`, null, facts, (reader) => compileCluster(name, reader, options));
    for (const unit of result.units) collector.unit(unit);
    collector.policies(`cluster:${name}`, result.policies);
    // What is wrong with a target is told once, however many settings it is reached under.
    if (!reported.has(result.target)) collector.problemsOf(result.problems);
    reported.add(result.target);
    if (++done % sliceLength === 0) yield;
  }

  for (const name of data) {
    const unit = memo.of(`data:${name}`, null, facts, (reader) => compileData(name, reader, options));
    if (unit !== null) collector.unit(unit);
    yield;
  }

  const services = planGatewayServices(plans, facts, options);
  for (const plan of plans) {
    const { service = null, taken = null } = services.get(plan.key) ?? {};
    if (service !== null) collector.generated(memo.keepValue(`service/${plan.key}`, service));
    const status = gatewayStatus(plan, attached, taken);
    collector.status(plan.key, memo.keepValue(`status/${plan.key}`, status));
    for (const set of plan.sets) {
      const { key } = set.owner;
      collector.status(key, memo.keepValue(`status/${key}`, listenerSetStatus(plan, set, attached)));
      if (++done % setSliceLength === 0) yield;
    }
    reportGateway(plan, taken, collector);
  }
  reportSettings(facts, memo, collector);
  reportIssuers(facts, memo, acme, collector);
  reportOwnFilters(facts, options, memo, collector);
  reportBackends(facts, options, memo, collector);
  reportTlsPolicies(facts, options, memo, reach, collector);
  reportRejected(rejected, facts, options, collector);
  memo.end();
  return collector.output();
}

const compileRoute = (route: RequestRoute, facts: FactReader, options: CompileOptions): RouteResult =>
  route.kind === "HTTPRoute"
    ? compileHttpRoute(route, facts, options)
    : compileGrpcRoute(route, facts, options);

/** Routes that lose listeners to routes of the other kind are compiled again without these. */
function settleConflicts(
  results: RouteResult[],
  facts: Facts,
  memo: CompileMemo,
  options: CompileOptions,
): void {
  if (facts.ofKind("GRPCRoute").length === 0 || facts.ofKind("HTTPRoute").length === 0) return;
  const routes = [...facts.ofKind("HTTPRoute"), ...facts.ofKind("GRPCRoute")];
  const claimants = results.map(({ claims }, at) => ({ route: routes[at]!, claims }));
  for (const [key, lost] of findLost(claimants)) {
    const fact = lostFact(key);
    facts.set(fact, memo.keepValue(fact, lost));
  }
  for (const [at, { key }] of results.entries()) {
    if (facts.read(lostFact(key)) === undefined) continue;
    results[at] = memo.of(`~settled/${key}`, routes[at], facts, (reader) =>
      compileRoute(routes[at]!, reader, options),
    );
  }
}
