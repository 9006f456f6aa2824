import { unitKey } from "../model/index.ts";
import type {
  AcmeChallengeUnit,
  AuthoritiesUnit,
  EndpointsUnit,
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

/** The units that a worker was given, and the places of their counters. */
export class HeldUnits {
  private readonly units = new Map<UnitKey, HeldUnit>();
  private readonly indexes = new Map<string, number>();

  take({ puts, removes, indexes }: SnapshotDelta): void {
    for (const held of puts) this.units.set(unitKey(held.unit), held);
    for (const key of removes) this.units.delete(key);
    for (const [key, index] of indexes) this.indexes.set(key, index);
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
    const found: AcmeChallengeUnit[] = [];
    for (const { unit } of this.units.values()) if (unit.kind === "acme-challenge") found.push(unit);
    return found;
  }

  /** Place of a counter in shared memory; -1 where it has none. */
  indexOf(key: string): number {
    return this.indexes.get(key) ?? -1;
  }
}
