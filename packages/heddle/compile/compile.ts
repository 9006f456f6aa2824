import { ChunkedList, runToEnd } from "@heddle/engine/base";
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
import { gatherRoutes } from "./routes/gather-routes.ts";
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

/** Clusters between two yields: new ones take some 20 µs each. */
const sliceLength = 16;
/** ListenerSets told of between two yields: each has several listeners. */
const setSliceLength = 8;

const noWeights: ReadonlyMap<string, number> = new Map();

/** Turns resources into the units of a Snapshot and the statuses of the resources. Never throws on what a user wrote. */
export function compile(input: CompileInput, memo?: CompileMemo): CompileOutput {
  return runToEnd(compileInSlices(input, memo));
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
  yield* facts.take(resources instanceof ChunkedList ? resources : ChunkedList.of(resources));
  for (const { key, problems } of rejected) facts.addRejected(key, messageOf(problems));
  for (const [id, weight] of canaryWeights) facts.set(canaryFact(id), weight);
  yield;
  addOwnFilterFacts(facts, memo, ownFilters);
  for (const [namespace, targets] of tlsTargets(facts.ofKind("BackendTLSPolicy"), rejected)) {
    const fact = tlsTargetsFact(namespace);
    facts.set(fact, memo.keepValue(fact, targets));
  }
  const policies = policyKinds.map((kind) => ({ kind, policies: facts.ofKind(kind.kind) }));
  yield* attachPolicies(policies, rejected, { facts, memo, options, collector });
  const classes = compileGatewayClasses(facts, options, collector);
  yield;
  const gateways = selectGateways(facts.ofKind("Gateway"), classes, collector);
  const plans = yield* planGateways(gateways, classes, { facts, memo, options, collector, states: acme });
  collector.certificates(acmeRequests(plans));
  yield;
  yield* publishGateways(plans, facts, memo);
  yield;
  const clusters = new Set<string>();
  const data = new Set<string>();
  const reach = new ServiceReach();
  const unrouted = yield* planUnrouted(plans, { facts, memo, options });
  yield;
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

  const streams: ChunkedList<RouteResult>[] = [];
  for (const kind of ["TLSRoute", "TCPRoute", "UDPRoute"] as const)
    streams.push(yield* memo.ofList(facts.listOf(kind), compileStreamRoute));
  const requests = yield* settleConflicts(
    yield* memo.ofList(facts.listOf("HTTPRoute"), compileHttpRoute),
    yield* memo.ofList(facts.listOf("GRPCRoute"), compileGrpcRoute),
    facts,
    memo,
    options,
  );
  yield;
  const results = ChunkedList.join([...requests, ...streams]);
  collector.routes(results);
  const attached = new Map<string, number>();
  for (const chunk of results.chunks) {
    const gathered = gatherRoutes(chunk);
    collector.problemsOf(gathered.problems);
    collector.canaries(gathered.canaries);
    collector.policiesOf(gathered.policies);
    for (const name of gathered.data) data.add(name);
    for (const [listener, count] of gathered.attached)
      attached.set(listener, (attached.get(listener) ?? 0) + count);
    for (const reached of gathered.reached) {
      reach.add(reached);
      for (const name of reached.clusters) clusters.add(name);
    }
    yield;
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
  yield;
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
    yield;
  }
  reportSettings(facts, memo, collector);
  reportIssuers(facts, memo, acme, collector);
  yield;
  reportOwnFilters(facts, options, memo, collector);
  reportBackends(facts, options, memo, collector);
  yield;
  reportTlsPolicies(facts, options, memo, reach, collector);
  reportRejected(rejected, facts, options, collector);
  yield;
  const output = collector.output(memo);
  yield;
  memo.end();
  return output;
}

/** Routes that lose listeners to routes of the other kind are compiled again without these. */
function* settleConflicts(
  http: ChunkedList<RouteResult>,
  grpc: ChunkedList<RouteResult>,
  facts: Facts,
  memo: CompileMemo,
  options: CompileOptions,
): Generator<void, readonly ChunkedList<RouteResult>[]> {
  if (http.length === 0 || grpc.length === 0) return [http, grpc];
  const routes: readonly RequestRoute[] = [...facts.ofKind("HTTPRoute"), ...facts.ofKind("GRPCRoute")];
  const results = ChunkedList.join([http, grpc]).toArray();
  yield;
  const lost = findLost(results.map(({ claims }, at) => ({ route: routes[at]!, claims })));
  for (const [key, listeners] of lost) {
    const fact = lostFact(key);
    facts.set(fact, memo.keepValue(fact, listeners));
  }
  yield;
  const routeOf = new Map(
    routes.flatMap((route, at) => (lost.has(results[at]!.key) ? [[results[at]!.key, route]] : [])),
  );
  const settle = (result: RouteResult): RouteResult => {
    const route = routeOf.get(result.key);
    if (route === undefined) return result;
    return memo.of(`~settled/${result.key}`, route, facts, (reader) => compileRoute(route, reader, options));
  };
  const settleChunk = (chunk: readonly RouteResult[]): readonly RouteResult[] =>
    chunk.some(({ key }) => lost.has(key)) ? chunk.map(settle) : chunk;
  return [http.mapChunks(settleChunk), grpc.mapChunks(settleChunk)];
}

const compileRoute = (route: RequestRoute, facts: FactReader, options: CompileOptions): RouteResult =>
  route.kind === "HTTPRoute"
    ? compileHttpRoute(route, facts, options)
    : compileGrpcRoute(route, facts, options);
