import { hashText } from "../base/index.ts";
import type { Cluster } from "../cluster/index.ts";
import type { ServerCertificates } from "../identity/index.ts";
import type { StreamHandler } from "../listener/index.ts";
import type { ListenerUnit, RouteUnit, StreamRouteUnit, Unit } from "../model/index.ts";
import type { Rule, UnroutedRules } from "../proxy/index.ts";
import { changeRouter, compileRouter } from "../route/index.ts";
import type { Router, ValueOf } from "../route/index.ts";
import { BuiltRoutes } from "./built-routes.ts";
import type { BuiltRoute } from "./built-routes.ts";
import type { HeldUnits, UnitChanges } from "./held-units.ts";
import type { ListenerCertificates } from "./listener-certificates.ts";
import type { PlaneClusters } from "./plane-clusters.ts";
import { buildRule } from "./rule-builder.ts";
import type { RuleContext } from "./rule-builder.ts";
import { buildStreamSite } from "./stream-site.ts";
import type { StreamSiteContext } from "./stream-site.ts";
import { buildUnrouted } from "./unrouted-rules.ts";

/** What a listener does from the next swap on, built ahead of it. */
export interface NextListener {
  readonly unit: ListenerUnit;
  readonly index: number;
  readonly router: Router<Rule>;
  /** `Site.unrouted` */
  readonly unrouted: UnroutedRules | null;
  /** Null where there are only servers of requests. */
  readonly streams: StreamHandler | null;
  /** Routes of connections and datagrams, for a port of UDP. */
  readonly streamRoutes: readonly StreamRouteUnit[];
  readonly certificates: ServerCertificates | null;
  readonly certificateHash: string;
}

/** What is in force, of which the next is built again only as far as it changed. */
export type BuiltListener = Pick<
  NextListener,
  "unit" | "router" | "unrouted" | "certificates" | "certificateHash"
>;

export interface SnapshotBuilderOptions {
  readonly units: HeldUnits;
  readonly clusters: PlaneClusters;
  readonly certificates: ListenerCertificates;
  readonly rules: RuleContext;
  readonly streams: StreamSiteContext;
  /** Which of how many workers this is. */
  readonly slot: number;
  readonly slots: number;
  /** The listener that is bound by that name. */
  bound(name: string): BuiltListener | undefined;
}

/** What a build leaves for the next. */
interface LastBuild {
  readonly listeners: readonly ListenerUnit[];
  readonly streams: readonly StreamRouteUnit[];
  /** By the listener's name. */
  readonly routes: ReadonlyMap<string, BuiltRoutes>;
}

/** While others stay the same, what is built of routes can be changed rather than built. */
const changeable: ReadonlySet<Unit["kind"]> = new Set(["route", "cluster", "endpoints", "data"]);
/** Of so many routes a change is built from all. */
const MAX_CHANGED_ROUTES = 256;

/**
 * Builds the next Snapshot of a worker out of its units, in steps between which traffic flows. What did not change is
 * used again: clusters with their connections, rules with the state of their filters, routers, certificates. A change
 * of few routes looks at no other.
 */
export class SnapshotBuilder {
  private readonly options: SnapshotBuilderOptions;
  private last: LastBuild | null = null;

  constructor(options: SnapshotBuilderOptions) {
    this.options = options;
  }

  *build(): Generator<void, NextListener[]> {
    const { clusters, units } = this.options;
    const { last } = this;
    // What a build that does not end has taken is gone: the next one looks at all.
    this.last = null;
    const changes = units.takeChanges();
    yield* clusters.build(changes);
    const renewed = clusters.takeRenewed();
    const isChangeable = last !== null && (yield* this.isChangeable(last, changes, renewed));
    return isChangeable ? yield* this.change(last, changes) : yield* this.buildAll(last?.routes);
  }

  private *isChangeable(
    last: LastBuild,
    changes: UnitChanges,
    renewed: ReadonlySet<string>,
  ): Generator<void, boolean> {
    const { kinds, goneRoutes, comeRoutes } = changes;
    if (!kinds.isSubsetOf(changeable) || goneRoutes.size + comeRoutes.size > MAX_CHANGED_ROUTES) return false;
    if (last.listeners.some((unit) => this.options.bound(unit.name)?.unit !== unit)) return false;
    let seen = 0;
    for (const built of last.routes.values()) {
      if (!built.nameAny(renewed)) continue;
      for (const [route, known] of built) {
        if (!goneRoutes.has(route) && !this.hasSameClusters(route, known)) return false;
        if (++seen % 256 === 0) yield;
      }
    }
    return true;
  }

  private *change(last: LastBuild, changes: UnitChanges): Generator<void, NextListener[]> {
    const { goneRoutes: gone, comeRoutes: come } = changes;
    const next: NextListener[] = [];
    for (const unit of last.listeners) {
      const { router, unrouted, certificates, certificateHash } = this.options.bound(unit.name)!;
      const built = last.routes.get(unit.name)!;
      const changed = yield* changeRouter<Rule>(router, { gone, come }, this.ruleMaker(unit, built));
      for (const route of gone) built.remove(route);
      const kept = { unrouted, certificates, certificateHash };
      next.push({ unit, router: changed, ...kept, ...this.surroundings(unit, last.streams) });
    }
    this.last = last;
    return next;
  }

  private *buildAll(before: LastBuild["routes"] | undefined): Generator<void, NextListener[]> {
    const routes: RouteUnit[] = [];
    const streams: StreamRouteUnit[] = [];
    const listeners: ListenerUnit[] = [];
    let seen = 0;
    for (const { unit } of this.options.units.values()) {
      if (unit.kind === "route") routes.push(unit);
      else if (unit.kind === "stream-route") streams.push(unit);
      else if (unit.kind === "listener" && this.isOwn(unit)) listeners.push(unit);
      if (++seen % 256 === 0) yield;
    }
    const built = new Map<string, BuiltRoutes>();
    const next: NextListener[] = [];
    for (const listener of listeners) {
      const ofListener = new BuiltRoutes();
      built.set(listener.name, ofListener);
      next.push(yield* this.buildListener(listener, routes, streams, before?.get(listener.name), ofListener));
    }
    this.last = { listeners, streams, routes: built };
    return next;
  }

  /**
   * A UDP port belongs to one worker, since all datagrams of a client must reach the session that it has; TCP ports
   * are shared by all.
   */
  private isOwn(unit: ListenerUnit): boolean {
    const { slot, slots } = this.options;
    return unit.protocol !== "UDP" || hashText(unit.name) % slots === slot;
  }

  private *buildListener(
    unit: ListenerUnit,
    routes: readonly RouteUnit[],
    streamRoutes: readonly StreamRouteUnit[],
    before: BuiltRoutes | undefined,
    built: BuiltRoutes,
  ): Generator<void, NextListener> {
    const { certificates: maker, rules } = this.options;
    const listener = this.listenerOf(unit);
    const ids = new Set(unit.servers.map((server) => server.id));
    const own: RouteUnit[] = [];
    for (let at = 0; at < routes.length; at++) {
      if (at % 256 === 255) yield;
      if (routes[at].attachments.some((attachment) => ids.has(attachment.server))) own.push(routes[at]);
    }
    let isReusable = true;
    for (const route of own) {
      if (!this.takeRoute(route, listener, before?.get(route), built)) isReusable = false;
      yield;
    }
    const known = this.options.bound(unit.name);
    const previous = isReusable ? known?.router : undefined;
    const router = yield* compileRouter<Rule>(unit, own, this.ruleMaker(unit, built), previous);
    const certificateHash = maker.hashOf(unit);
    const certificates =
      unit.protocol !== "HTTPS"
        ? null
        : known?.certificateHash === certificateHash
          ? known.certificates
          : maker.make(unit);
    // A unit that changed is another object.
    const unrouted = known?.unit === unit ? known.unrouted : buildUnrouted(unit, listener, rules);
    const kept = { unrouted, certificates, certificateHash };
    return { unit, router, ...kept, ...this.surroundings(unit, streamRoutes) };
  }

  private listenerOf({ name }: ListenerUnit): { readonly name: string; readonly index: number } {
    return { name, index: this.options.units.indexOf(`listener:${name}`) };
  }

  private surroundings(
    unit: ListenerUnit,
    streamRoutes: readonly StreamRouteUnit[],
  ): Pick<NextListener, "index" | "streams" | "streamRoutes"> {
    const streams = buildStreamSite(unit, streamRoutes, this.options.streams);
    return { index: this.listenerOf(unit).index, streams, streamRoutes };
  }

  private ruleMaker(unit: ListenerUnit, built: BuiltRoutes): ValueOf<Rule> {
    const listener = this.listenerOf(unit);
    return (route, _rule, at) => (built.get(route) ?? this.buildRoute(route, listener, built)).rules[at];
  }

  /**
   * Rules of an unchanged route over unchanged clusters are kept: filters keep their state. False: the unit is the
   * same, but its rules had to be made anew, so a router that holds the old ones cannot be used again.
   */
  private takeRoute(
    route: RouteUnit,
    listener: { name: string; index: number },
    known: BuiltRoute | undefined,
    built: BuiltRoutes,
  ): boolean {
    if (known !== undefined && this.hasSameClusters(route, known)) {
      built.add(route, known);
      return true;
    }
    this.buildRoute(route, listener, built);
    return known === undefined;
  }

  private buildRoute(
    route: RouteUnit,
    listener: { name: string; index: number },
    built: BuiltRoutes,
  ): BuiltRoute {
    const clusters = route.rules.flatMap((rule) =>
      rule.backends.map(({ cluster }) => this.clusterOf(cluster)),
    );
    const rules = route.rules.map((rule) => buildRule(route, rule, listener, this.options.rules));
    const one = { clusters, rules, checkedAt: this.options.clusters.changes };
    built.add(route, one);
    return one;
  }

  private hasSameClusters(route: RouteUnit, known: BuiltRoute): boolean {
    const { changes } = this.options.clusters;
    if (known.checkedAt === changes) return true;
    let at = 0;
    for (const rule of route.rules) {
      for (const backend of rule.backends) {
        if (known.clusters[at++] !== this.clusterOf(backend.cluster)) return false;
      }
    }
    known.checkedAt = changes;
    return true;
  }

  private clusterOf(name: string | null): Cluster | null {
    return name === null ? null : this.options.clusters.find(name);
  }
}
