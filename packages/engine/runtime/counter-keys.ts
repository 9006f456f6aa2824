import { endpointName, unitKey } from "../model/index.ts";
import type { Unit, UnitKey } from "../model/index.ts";
import type { MetricsRegistry } from "../observe/index.ts";
import type { UnitChange } from "../source/index.ts";

/** Places of counters for what a Snapshot names: new keys get one, those that left give theirs back. */
export class CounterKeys {
  private readonly registry: MetricsRegistry;
  private readonly ofUnit = new Map<UnitKey, readonly string[]>();
  /** How many units have a key: a route of requests and one of connections may be namesakes. */
  private readonly uses = new Map<string, number>();

  constructor(registry: MetricsRegistry) {
    this.registry = registry;
  }

  /** The keys that a change brings, with their indexes. What it takes away is free when no worker uses it any more. */
  change({ puts, removes }: UnitChange, version: number): [string, number][] {
    const fresh: [string, number][] = [];
    const left: string[] = [];
    for (const { unit } of puts) {
      const unitName = unitKey(unit);
      for (const key of this.ofUnit.get(unitName) ?? []) left.push(key);
      const keys = keysOf(unit);
      this.ofUnit.set(unitName, keys);
      for (const key of keys) {
        const uses = this.uses.get(key) ?? 0;
        this.uses.set(key, uses + 1);
        if (uses === 0) fresh.push([key, this.registry.allocate(key)]);
      }
    }
    for (const unitName of removes) {
      for (const key of this.ofUnit.get(unitName) ?? []) left.push(key);
      this.ofUnit.delete(unitName);
    }
    for (const key of left) {
      const uses = this.uses.get(key)! - 1;
      if (uses > 0) this.uses.set(key, uses);
      else {
        this.uses.delete(key);
        this.registry.release(key, version);
      }
    }
    return fresh;
  }
}

/** Each key once. */
function keysOf(unit: Unit): readonly string[] {
  switch (unit.kind) {
    case "listener":
      return [`listener:${unit.name}`];
    case "route":
      return [...new Set(unit.rules.map((rule) => `route:${unit.name}/${rule.name}`))];
    case "stream-route":
      return [`route:${unit.name}/${unit.rule}`];
    case "cluster":
      return [`cluster:${unit.name}`];
    case "endpoints":
      return [
        ...new Set(unit.endpoints.map((endpoint) => `endpoint:${unit.name}|${endpointName(endpoint)}`)),
      ];
    case "secret":
    case "authorities":
    case "acme-challenge":
    case "data":
      return [];
  }
}
