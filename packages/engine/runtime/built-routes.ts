import type { Cluster } from "../cluster/index.ts";
import type { RouteUnit } from "../model/index.ts";
import type { Rule } from "../proxy/index.ts";

export interface BuiltRoute {
  /** Those of its backends, in their order. */
  readonly clusters: readonly (Cluster | null)[];
  readonly rules: readonly Rule[];
  /** The `changes` of the clusters at which they were last seen to be the same. */
  checkedAt: number;
}

/** What was built of a listener's routes, by the unit, which is immutable: a unit that changed is another object. */
export class BuiltRoutes {
  private readonly routes = new Map<RouteUnit, BuiltRoute>();
  /** How many backends name a cluster, whether there is one by that name or not. */
  private readonly uses = new Map<string, number>();

  get(route: RouteUnit): BuiltRoute | undefined {
    return this.routes.get(route);
  }

  add(route: RouteUnit, built: BuiltRoute): void {
    if (!this.routes.has(route)) this.count(route, 1);
    this.routes.set(route, built);
  }

  remove(route: RouteUnit): void {
    if (this.routes.delete(route)) this.count(route, -1);
  }

  private count({ rules }: RouteUnit, more: number): void {
    for (const { backends } of rules) {
      for (const { cluster } of backends) {
        if (cluster === null) continue;
        const uses = (this.uses.get(cluster) ?? 0) + more;
        if (uses > 0) this.uses.set(cluster, uses);
        else this.uses.delete(cluster);
      }
    }
  }

  /** Whether any of the routes names one of the clusters. */
  nameAny(clusters: ReadonlySet<string>): boolean {
    for (const name of clusters) if (this.uses.has(name)) return true;
    return false;
  }

  [Symbol.iterator](): Iterator<[RouteUnit, BuiltRoute]> {
    return this.routes[Symbol.iterator]();
  }
}
