import type { Random } from "../base/index.ts";
import type { FailoverSpec, ZoneSpec } from "../model/index.ts";
import { leastMode } from "./eligibility.ts";
import { NO_KEY } from "./endpoint.ts";
import type { FlatPicker, Picker, PlacedEndpoint } from "./endpoint.ts";
import { fractionOf } from "./hash-key.ts";
import { levelLoads } from "./level-loads.ts";
import { groupByZone } from "./zone-groups.ts";
import { capacityShares, outageShares } from "./zone-shares.ts";

/** Counts changes of endpoints' availability: shares are worked out anew when it has moved, not at each pick. */
export interface AvailabilityChanges {
  readonly count: number;
}

/** Endpoints of one level and distance, and who picks among them. */
interface Group<E extends PlacedEndpoint> {
  readonly zone: string;
  readonly endpoints: readonly E[];
  readonly picker: FlatPicker<E>;
  readonly total: number;
  available: number;
}

/** Endpoints of one priority. */
interface Level<E extends PlacedEndpoint> {
  readonly groups: readonly Group<E>[];
  readonly total: number;
  available: number;
}

/**
 * Endpoints in levels by priority, and in groups by zone within a level. What a level or a nearby group cannot take,
 * since some of its endpoints are unavailable, goes to the next one; see `levelLoads`, `outageShares`,
 * `capacityShares`. Chance, or the key of a request, names the group, and a picker of the group's own the endpoint.
 */
export class LevelPicker<E extends PlacedEndpoint> implements Picker<E> {
  private readonly makePicker: () => FlatPicker<E>;
  private readonly failover: FailoverSpec;
  private readonly zone: ZoneSpec | null;
  private readonly changes: AvailabilityChanges;
  private known: readonly E[] | null = null;
  private seen = NaN;
  private levels: readonly Level<E>[] = [];
  private groups: readonly Group<E>[] = [];
  /** Sums of the groups' shares. */
  private sums = new Float64Array(0);
  /** The group that has all requests; -1 where several have some. */
  private only = -1;

  constructor(
    makePicker: () => FlatPicker<E>,
    failover: FailoverSpec,
    zone: ZoneSpec | null,
    changes: AvailabilityChanges,
  ) {
    this.makePicker = makePicker;
    this.failover = failover;
    this.zone = zone;
    this.changes = changes;
  }

  *prepare(endpoints: readonly E[]): Generator<void> {
    const levels: Level<E>[] = [];
    const priorities = [...new Set(endpoints.map(({ priority }) => priority))].sort((a, b) => a - b);
    for (const priority of priorities) {
      const members = endpoints.filter((endpoint) => endpoint.priority === priority);
      const groups: Group<E>[] = [];
      for (const group of groupByZone(members, this.zone)) {
        const picker = this.makePicker();
        if (picker.prepare !== undefined) yield* picker.prepare(group.endpoints);
        groups.push({ ...group, picker, total: weightOf(group.endpoints), available: 0 });
      }
      levels.push({ groups, total: weightOf(members), available: 0 });
    }
    this.levels = levels;
    this.groups = levels.flatMap(({ groups }) => groups);
    this.sums = new Float64Array(this.groups.length);
    this.known = endpoints;
    this.seen = NaN;
  }

  pick(
    endpoints: readonly E[],
    nowMs: number,
    random: Random,
    exclude: E | null = null,
    key: number = NO_KEY,
  ): E | null {
    if (endpoints.length <= 1) return endpoints.length === 0 ? null : endpoints[0];
    if (this.known !== endpoints) for (const _ of this.prepare(endpoints));
    const { count } = this.changes;
    if (this.seen !== count) {
      this.seen = count;
      this.share();
    }
    const at = this.only >= 0 ? this.only : this.draw(key === NO_KEY ? random.next() : fractionOf(key));
    const group = this.groups[at];
    const picked = group.picker.pick(group.endpoints, nowMs, random, exclude, key)!;
    if (picked !== exclude && (picked.isAvailable || group.picker.ignoresHealth)) return picked;
    return this.pickElsewhere(at, nowMs, random, exclude, key);
  }

  /** Of the group where least has to be given up: the one that was chosen first, then the nearest. */
  private pickElsewhere(
    chosen: number,
    nowMs: number,
    random: Random,
    exclude: E | null,
    key: number,
  ): E | null {
    let best = this.groups[chosen];
    let least = leastMode(best.endpoints, exclude);
    for (const group of this.groups) {
      const mode = leastMode(group.endpoints, exclude);
      if (mode >= least) continue;
      least = mode;
      best = group;
    }
    return best.picker.pick(best.endpoints, nowMs, random, exclude, key);
  }

  private draw(fraction: number): number {
    const { sums } = this;
    const last = sums.length - 1;
    let at = 0;
    while (at < last && fraction >= sums[at]) at++;
    return at;
  }

  /** Works out which group has which share. */
  private share(): void {
    for (const level of this.levels) {
      level.available = 0;
      for (const group of level.groups) {
        group.available = availableOf(group.endpoints);
        level.available += group.available;
      }
    }
    const loads = levelLoads(this.levels, this.failover);
    let sum = 0;
    let at = 0;
    this.only = -1;
    for (const [i, level] of this.levels.entries()) {
      const { share, isPanicking } = loads[i];
      const parts = share === 0 ? null : this.partsOf(level, isPanicking);
      for (const [j, group] of level.groups.entries()) {
        const part = parts === null ? 0 : parts[j] * share;
        group.picker.ignoresHealth = isPanicking;
        if (part > 1 - 1e-9) this.only = at;
        sum += part;
        this.sums[at++] = sum;
      }
    }
  }

  private partsOf({ groups, total }: Level<E>, isPanicking: boolean): number[] {
    if (groups.length === 1) return [1];
    if (isPanicking) return groups.map((group) => group.total / total);
    return this.zone!.spillover === "capacity"
      ? capacityShares(groups, this.zone!.zone)
      : outageShares(groups, this.failover.overprovisioningPercent);
  }
}

function weightOf(endpoints: readonly PlacedEndpoint[]): number {
  return endpoints.reduce((sum, { weight }) => sum + weight, 0);
}

function availableOf(endpoints: readonly PlacedEndpoint[]): number {
  return endpoints.reduce((sum, { weight, isAvailable }) => (isAvailable ? sum + weight : sum), 0);
}
