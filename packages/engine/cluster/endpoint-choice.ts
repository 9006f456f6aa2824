import type { Clock, Random } from "../base/index.ts";
import { NO_KEY } from "../balance/index.ts";
import type { Picker } from "../balance/index.ts";
import type { BalancingSpec, ClusterSettings } from "../model/index.ts";
import type { Endpoint } from "./endpoint.ts";
import { makePicker } from "./make-picker.ts";

const NONE: readonly Endpoint[] = [];
/** Endpoints are picked so many times for one that was not tried, before the first that is found is taken. */
const MORE_PICKS = 3;

/** What a choice needs of its cluster. */
export interface ChoiceHome {
  readonly clock: Clock;
  readonly random: Random;
  readonly settings: ClusterSettings;
  /** A request to it would not have to wait for a connection. */
  hasRoom(endpoint: Endpoint): boolean;
  /** An ejected endpoint that the next request is to find out about. */
  probeDue(nowMs: number): Endpoint | null;
}

/** Chooses the endpoint of an attempt: as the cluster balances, but for what the exchange has met with already. */
export class EndpointChoice {
  endpoints: readonly Endpoint[] = [];
  private readonly home: ChoiceHome;
  private picker: Picker<Endpoint>;
  /** As the picker sees them: how often availability has changed. */
  private readonly changes = { count: 0 };

  constructor(home: ChoiceHome, balancing: BalancingSpec) {
    this.home = home;
    this.picker = makePicker(balancing, this.endpoints, this.changes);
  }

  /** Yields while a large table is built; what is returned puts them in force. */
  *prepare(balancing: BalancingSpec, endpoints: readonly Endpoint[]): Generator<void, () => void> {
    const picker = makePicker(balancing, endpoints, this.changes);
    if (picker.prepare !== undefined) yield* picker.prepare(endpoints);
    return () => {
      this.endpoints = endpoints;
      this.picker = picker;
    };
  }

  onAvailability(): void {
    this.changes.count++;
  }

  /** See Cluster.pick. */
  pick(exclude: Endpoint | null, unreachable: readonly Endpoint[] = NONE, key: number): Endpoint | null {
    const { home } = this;
    const nowMs = home.clock.now();
    const probe = exclude === null ? home.probeDue(nowMs) : null;
    const picked = probe ?? this.picker.pick(this.endpoints, nowMs, home.random, exclude, key);
    if (picked === null) return null;
    if (unreachable.includes(picked)) return this.pickOther(unreachable, exclude) ?? picked;
    // Where requests may wait for a connection, they do when no endpoint has one.
    if (home.settings.maxPending === undefined || home.hasRoom(picked)) return picked;
    return this.pickRoomy(exclude) ?? picked;
  }

  /** An available endpoint that need not be waited for, from a random place on. */
  private pickRoomy(exclude: Endpoint | null): Endpoint | null {
    const { endpoints, home } = this;
    const start = Math.floor(home.random.next() * endpoints.length);
    let found: Endpoint | null = null;
    for (let i = 0; i < endpoints.length; i++) {
      const endpoint = endpoints[(start + i) % endpoints.length];
      if (!endpoint.isAvailable || endpoint === exclude || !home.hasRoom(endpoint)) continue;
      if (found === null || endpoint.priority < found.priority) found = endpoint;
    }
    return found;
  }

  /** An available one of the first priority that is none of `tried`: as the cluster balances, where that finds it soon. */
  pickUntried(tried: readonly Endpoint[]): Endpoint | null {
    const { endpoints, home } = this;
    const nowMs = home.clock.now();
    for (let i = 0; i < MORE_PICKS; i++) {
      const picked = this.picker.pick(endpoints, nowMs, home.random, tried.at(-1) ?? null, NO_KEY);
      if (picked !== null && picked.isAvailable && !tried.includes(picked)) return picked;
    }
    const other = this.pickOther(tried, null);
    return other !== null && other.isAvailable ? other : null;
  }

  /**
   * One that is none of `unreachable`: an available one of the first priority first, then `exclude`, then an ejected
   * one. From a random place on, so that it is not always the same.
   */
  pickOther(unreachable: readonly Endpoint[], exclude: Endpoint | null): Endpoint | null {
    const { endpoints, home } = this;
    const start = Math.floor(home.random.next() * endpoints.length);
    let good: Endpoint | null = null;
    let next: Endpoint | null = null;
    for (let i = 0; i < endpoints.length; i++) {
      const endpoint = endpoints[(start + i) % endpoints.length];
      if (unreachable.includes(endpoint)) continue;
      const isGood = endpoint.isAvailable && endpoint !== exclude;
      if (isGood && (good === null || endpoint.priority < good.priority)) good = endpoint;
      if (next === null || endpoint.isAvailable) next = endpoint;
    }
    return good ?? next;
  }

  /** The endpoint that a session belongs to; null when gone or ejected. */
  findSession(sessionId: string): Endpoint | null {
    for (const endpoint of this.endpoints) {
      if (endpoint.sessionId === sessionId) return endpoint.isAvailable ? endpoint : null;
    }
    return null;
  }
}
