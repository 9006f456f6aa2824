import { seededRandom } from "../../base/index.ts";
import type { Random } from "../../base/index.ts";
import type { Picker, PlacedEndpoint } from "../endpoint.ts";

export class TestEndpoint implements PlacedEndpoint {
  readonly name: string;
  readonly weight: number;
  inFlight = 0;
  ewmaMs = 0;
  ewmaAtMs = 0;
  silentSinceMs = Infinity;
  isAvailable = true;
  rampFromMs = -Infinity;
  priority = 0;
  zone = "";
  node = "";
  forZones: readonly string[] | null = null;

  constructor(name: string, weight: number) {
    this.name = name;
    this.weight = weight;
  }
}

/** Endpoints "0", "1", … with these weights. */
export function endpointsOf(...weights: number[]): TestEndpoint[] {
  return weights.map((weight, i) => new TestEndpoint(String(i), weight));
}

/** How often each endpoint is picked. Nothing is ever in flight or measured. */
export function countPicks(
  picker: Picker<TestEndpoint>,
  endpoints: readonly TestEndpoint[],
  picks: number,
  random: Random = seededRandom(1),
  exclude: TestEndpoint | null = null,
): number[] {
  const counts = endpoints.map(() => 0);
  for (let i = 0; i < picks; i++) counts[endpoints.indexOf(picker.pick(endpoints, i, random, exclude)!)]++;
  return counts;
}

/** Pearson's statistic of observed counts against expected shares. */
export function chiSquare(counts: readonly number[], shares: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const whole = shares.reduce((sum, share) => sum + share, 0);
  return counts.reduce((sum, count, i) => {
    const expected = (total * shares[i]) / whole;
    return sum + (count - expected) ** 2 / expected;
  }, 0);
}

/** Above it, less than one honest run in 1,000 falls; by degrees of freedom. */
export const CHI_SQUARE_999 = [0, 10.83, 13.82, 16.27, 18.47, 20.52, 22.46, 24.32, 26.12, 27.88];
