import { unitKey } from "../model/index.ts";
import type {
  AcmeChallengeUnit,
  AuthoritiesUnit,
  EndpointsUnit,
  RouteUnit,
  SecretUnit,
  SnapshotDelta,
  Unit,
  UnitKey,
} from "../model/index.ts";

export interface HeldUnit {
  readonly unit: Unit;
  readonly hash: string;
}

/** The key of the unit with the system's roots. */
export const systemAuthorities = unitKey({ kind: "authorities", name: "system" });

/** What came and went between two builds. */
export interface UnitChanges {
  /** Of what kinds: of other kinds all is as it was, the places of clusters' counters too. */
  readonly kinds: ReadonlySet<Unit["kind"]>;
  /** Of clusters and endpoints; a cluster's also where its counters have another place. */
  readonly keys: ReadonlySet<UnitKey>;
  /** A route that changed is in both. */
  readonly goneRoutes: ReadonlySet<RouteUnit>;
  readonly comeRoutes: ReadonlySet<RouteUnit>;
}

/** The units that a worker was given, and the places of their counters. */
export class HeldUnits {
  private readonly units = new Map<UnitKey, HeldUnit>();
  private readonly challengeUnits = new Map<UnitKey, AcmeChallengeUnit>();
  private readonly indexes = new Map<string, number>();
  private kinds = new Set<Unit["kind"]>();
  private keys = new Set<UnitKey>();
  private goneRoutes = new Set<RouteUnit>();
  private comeRoutes = new Set<RouteUnit>();

  take({ puts, removes, indexes }: SnapshotDelta): void {
    for (const held of puts) this.put(unitKey(held.unit), held);
    for (const key of removes) this.remove(key);
    for (const [key, index] of indexes) {
      this.indexes.set(key, index);
      // The key of a cluster's counters is its unit's.
      if (key.startsWith("cluster:")) this.note("cluster", key);
    }
  }

  private put(key: UnitKey, held: HeldUnit): void {
    this.noteGone(key);
    const { unit } = held;
    this.units.set(key, held);
    this.note(unit.kind, key);
    // The very one that has gone, as a plane in the caller's thread is given it again: it is as it was.
    if (unit.kind === "route") {
      if (!this.goneRoutes.delete(unit)) this.comeRoutes.add(unit);
    } else if (unit.kind === "acme-challenge") {
      this.challengeUnits.set(key, unit);
    }
  }

  private remove(key: UnitKey): void {
    this.noteGone(key);
    this.units.delete(key);
    this.challengeUnits.delete(key);
  }

  private noteGone(key: UnitKey): void {
    const unit = this.units.get(key)?.unit;
    if (unit === undefined) return;
    this.note(unit.kind, key);
    // One that has come since the last build is in none.
    if (unit.kind === "route" && !this.comeRoutes.delete(unit)) this.goneRoutes.add(unit);
  }

  private note(kind: Unit["kind"], key: UnitKey): void {
    this.kinds.add(kind);
    if (kind === "cluster" || kind === "endpoints") this.keys.add(key);
  }

  /** Since it was asked last. */
  takeChanges(): UnitChanges {
    const { kinds, keys, goneRoutes, comeRoutes } = this;
    this.kinds = new Set();
    this.keys = new Set();
    this.goneRoutes = new Set();
    this.comeRoutes = new Set();
    return { kinds, keys, goneRoutes, comeRoutes };
  }

  find(key: UnitKey): HeldUnit | undefined {
    return this.units.get(key);
  }

  has(key: UnitKey): boolean {
    return this.units.has(key);
  }

  values(): Iterable<HeldUnit> {
    return this.units.values();
  }

  /** "" where there is no such unit. */
  hashOf(key: UnitKey): string {
    return this.units.get(key)?.hash ?? "";
  }

  endpoints(name: string): EndpointsUnit | null {
    return (this.units.get(`endpoints:${name}`)?.unit as EndpointsUnit | undefined) ?? null;
  }

  secret(name: string): SecretUnit | undefined {
    return this.units.get(`secret:${name}`)?.unit as SecretUnit | undefined;
  }

  systemAuthorities(): AuthoritiesUnit | undefined {
    return this.units.get(systemAuthorities)?.unit as AuthoritiesUnit | undefined;
  }

  challenges(): AcmeChallengeUnit[] {
    return [...this.challengeUnits.values()];
  }

  /** Place of a counter in shared memory; -1 where it has none. */
  indexOf(key: string): number {
    return this.indexes.get(key) ?? -1;
  }
}
