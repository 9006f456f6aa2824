import { WeightedChoice } from "../balance/index.ts";
import type { Clock, Random } from "../base/index.ts";
import type { Cluster } from "../cluster/index.ts";
import { buildChain, EMPTY_CHAIN, REFUSED } from "../filter/index.ts";
import type {
  DataRef,
  Filter,
  FilterChain,
  FilterContext,
  FilterRegistry,
  SideCall,
  SideCallEvents,
} from "../filter/index.ts";
import type { Exchange, RequestHead } from "../message/index.ts";
import { PRIORITIES } from "../model/index.ts";
import type { FilterSpec, RouteRule, RouteUnit } from "../model/index.ts";
import type { WorkerLane } from "../observe/index.ts";
import type { SharedTable } from "../shared/index.ts";
import { ClusterCall, GuardedCopy, repeatRequest } from "../proxy/index.ts";
import type { FlowContext, Rule, RuleBackend } from "../proxy/index.ts";

/** What rules are built from: this worker's clusters, filters and counters. */
export interface RuleContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly filters: FilterRegistry;
  readonly lane: WorkerLane;
  readonly shared: SharedTable;
  readonly flow: FlowContext;
  cluster(name: string): Cluster | null;
  indexOf(key: string): number;
  data(name: string): DataRef;
  notify(topic: string, subject: string): void;
  /** A filter that cannot be built: its rule answers 500 rather than run without it. */
  onFilterProblem(route: string, filter: string, error: unknown): void;
}

/** Builds the rules of a route for one listener. */
export function buildRule(
  route: RouteUnit,
  rule: RouteRule,
  listener: { name: string; index: number },
  context: RuleContext,
): Rule {
  const parts = new RuleParts();
  const chain = buildFilters(route, `rule ${route.name}/${rule.name}`, rule.filters, parts, context);
  const backendList = rule.backends.map((backend): RuleBackend => {
    const own = buildFilters(route, `backend ${backend.cluster}`, backend.filters, parts, context);
    const cluster = backend.cluster === null || own === null ? null : context.cluster(backend.cluster);
    const { status, limits = null } = backend;
    return { cluster, chain: own ?? EMPTY_CHAIN, status, limits };
  });
  const info = {
    listener: listener.name,
    listenerIndex: listener.index,
    route: route.name,
    rule: rule.name,
    routeIndex: context.indexOf(`route:${route.name}/${rule.name}`),
  };
  const built: Rule = {
    info,
    // Slots of backends' filters count too: they live in the same exchange.
    chain: chain === null ? EMPTY_CHAIN : { ...chain, slotCount: parts.slotCount },
    // Fails closed: without one of its filters the rule forwards nothing.
    backends: chain === null ? null : new WeightedChoice(weighted(backendList, rule)),
    backendList: chain === null ? [] : backendList,
    requestTimeoutMs: rule.requestTimeoutMs,
    backendRequestTimeoutMs: rule.backendRequestTimeoutMs,
    retry: rule.retry,
    sessionPersistence: rule.sessionPersistence,
    translatesGrpcWeb: rule.translatesGrpcWeb === true,
    isWatched: isWatched(chain, backendList),
    hedge: rule.hedge ?? null,
    priority: PRIORITIES.indexOf(rule.priority ?? "Normal"),
  };
  parts.rule = built;
  return built;
}

const isWatched = (chain: FilterChain | null, backends: readonly RuleBackend[]): boolean =>
  (chain !== null && chain.watched.length > 0) || backends.some(({ chain: own }) => own.watched.length > 0);

function weighted(
  backends: readonly RuleBackend[],
  rule: RouteRule,
): { item: RuleBackend; weight: number }[] {
  return backends.map((item, at) => ({ item, weight: rule.backends[at].weight }));
}

/** What the filters of a rule share, those of its backends too. */
class RuleParts {
  slotCount = 0;
  /** Null until it is built. */
  rule: Rule | null = null;
}

/** Null when one of them cannot be built. */
function buildFilters(
  route: RouteUnit,
  place: string,
  specs: readonly FilterSpec[],
  parts: RuleParts,
  context: RuleContext,
): FilterChain | null {
  if (specs.length === 0) return EMPTY_CHAIN;
  const filters: Filter[] = [];
  for (const spec of specs) {
    const shownAs = spec.countsAs ?? spec.name;
    const factory = context.filters.get(spec.name);
    if (factory === undefined) {
      context.onFilterProblem(route.name, shownAs, new Error("no such filter"));
      return null;
    }
    try {
      const guards = buildGuards(route, spec, place, context);
      filters.push(factory.create(spec.config, filterContext(shownAs, place, guards, parts, context)));
    } catch (error) {
      context.onFilterProblem(route.name, shownAs, error);
      return null;
    }
  }
  return buildChain(filters);
}

/** Undefined where nothing guards what the filter copies to, null where what does cannot be built. */
function buildGuards(
  route: RouteUnit,
  { guards = [] }: FilterSpec,
  place: string,
  context: RuleContext,
): FilterChain | null | undefined {
  if (guards.length === 0) return undefined;
  const parts = new RuleParts();
  const chain = buildFilters(route, `copies of ${place}`, guards, parts, context);
  return chain === null ? null : { ...chain, slotCount: parts.slotCount };
}

function filterContext(
  name: string,
  place: string,
  guards: FilterChain | null | undefined,
  parts: RuleParts,
  context: RuleContext,
): FilterContext {
  const counters = new Map<string, number>();
  return {
    clock: context.clock,
    random: context.random,
    shared: context.shared,
    place,
    reserveSlot: () => parts.slotCount++,
    repeat: (exchange, filter, slot, value) =>
      parts.rule !== null && repeatRequest(parts.rule, exchange, filter, { slot, value }, context.flow),
    call: (cluster, request, events) => callCluster(cluster, request, events, context),
    copy: (cluster, exchange, events) =>
      guards === undefined
        ? callCluster(cluster, exchange.request, events, context)
        : copyToCluster(cluster, exchange, guards, events, context),
    data: (name) => context.data(name),
    notify: (topic, subject) => context.notify(topic, subject),
    count: (event) => {
      let counter = counters.get(event);
      if (counter === undefined) {
        counter = context.lane.eventCounter(name, event);
        counters.set(event, counter);
      }
      context.lane.countEvent(counter);
    },
  };
}

function callCluster(
  cluster: string,
  request: RequestHead,
  events: SideCallEvents,
  context: RuleContext,
): SideCall {
  const target = context.cluster(cluster);
  return target === null
    ? closedCall("HDL_BACKEND_UNRESOLVED", events)
    : new ClusterCall(target, request, events);
}

function copyToCluster(
  cluster: string,
  exchange: Exchange,
  guards: FilterChain | null,
  events: SideCallEvents,
  context: RuleContext,
): SideCall {
  const target = context.cluster(cluster);
  if (target === null) return closedCall("HDL_BACKEND_UNRESOLVED", events);
  // A guard that cannot be built has nobody pass.
  if (guards === null) return closedCall(REFUSED, events);
  return new GuardedCopy(target, guards, exchange, events, context.flow);
}

function closedCall(why: string, events: SideCallEvents): SideCall {
  events.onEnd?.(why);
  return CLOSED_CALL;
}

const CLOSED_CALL: SideCall = { pendingBytes: 0, writeBody() {}, writeEnd() {}, abort() {} };
