import type { Random } from "../base/index.ts";
import { isEligible, leastMode } from "./eligibility.ts";
import { NO_KEY } from "./endpoint.ts";
import type { BalancedEndpoint, FlatPicker } from "./endpoint.ts";
import type { BuildTable, HashTable } from "./hash-table.ts";

const KEYS = 2 ** 31;

/**
 * The endpoint of a key, by a table of all endpoints. Keys of one that is not available (or excluded) go to the owners
 * of further places: no table is built when health changes, other keys stay, and those come back.
 *
 * With a bound on load (Mirrokni et al., "Consistent Hashing with Bounded Loads") an endpoint that has more than its
 * share in flight is passed over likewise. A request without a key is placed by chance.
 */
export class HashPicker<E extends BalancedEndpoint> implements FlatPicker<E> {
  ignoresHealth = false;
  private readonly build: BuildTable;
  /** Share of the mean load that an endpoint may have; 0 for no bound. */
  private readonly maxLoad: number;
  private known: readonly E[] | null = null;
  private table: HashTable | null = null;

  constructor(build: BuildTable, maxLoadPercent: number = 0) {
    this.build = build;
    this.maxLoad = maxLoadPercent / 100;
  }

  *prepare(endpoints: readonly E[]): Generator<void> {
    this.table = yield* this.build(endpoints);
    this.known = endpoints;
  }

  pick(
    endpoints: readonly E[],
    _nowMs: number,
    random: Random,
    exclude: E | null = null,
    key: number = NO_KEY,
  ): E | null {
    if (endpoints.length <= 1) return endpoints.length === 0 ? null : endpoints[0];
    if (this.known !== endpoints) for (const _ of this.prepare(endpoints));
    const table = this.table!;
    const { owners } = table;
    const mode = leastMode(endpoints, exclude, this.ignoresHealth);
    const meanLoad = this.maxLoad === 0 ? 0 : meanLoadOf(endpoints, exclude, mode) * this.maxLoad;
    let place = table.find(key === NO_KEY ? Math.floor(random.next() * KEYS) : key);
    let first: E | null = null;
    for (let step = 1; step <= owners.length; step++) {
      const endpoint = endpoints[owners[place]];
      if (isEligible(endpoint, exclude, mode)) {
        if (this.maxLoad === 0 || endpoint.inFlight < Math.ceil(meanLoad * endpoint.weight)) return endpoint;
        first ??= endpoint;
      }
      place = table.after(place, step);
    }
    // None that was seen is below the bound, or none was seen at all: there are more endpoints than places.
    return first ?? firstEligible(endpoints, exclude, mode);
  }
}

/** Exchanges in flight for each unit of weight, the one that is to come counted. */
function meanLoadOf<E extends BalancedEndpoint>(
  endpoints: readonly E[],
  exclude: E | null,
  mode: number,
): number {
  let inFlight = 1;
  let weight = 0;
  for (let i = 0; i < endpoints.length; i++) {
    const endpoint = endpoints[i];
    if (!isEligible(endpoint, exclude, mode)) continue;
    inFlight += endpoint.inFlight;
    weight += endpoint.weight;
  }
  return inFlight / weight;
}

function firstEligible<E extends BalancedEndpoint>(
  endpoints: readonly E[],
  exclude: E | null,
  mode: number,
): E | null {
  for (let i = 0; i < endpoints.length; i++) if (isEligible(endpoints[i], exclude, mode)) return endpoints[i];
  return null;
}
