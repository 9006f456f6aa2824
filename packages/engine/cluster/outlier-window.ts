import type { OutlierSpec } from "../model/index.ts";
import type { Endpoint } from "./endpoint.ts";

/** What one endpoint did in an interval. */
export interface Tally {
  readonly endpoint: Endpoint;
  requests: number;
  /** Of what is measured: good answers, or milliseconds. */
  sum: number;
}

export interface Outlier {
  readonly endpoint: Endpoint;
  /** A probe that takes longer has failed. Infinity: latency does not matter. */
  readonly slowAboveMs: number;
}

/** The tallies that stand out for the bad, the worst first. All of them had enough requests. */
export type OutlierTest = (tallies: readonly Tally[], factor: number) => readonly Outlier[];

/** What endpoints did over an interval, compared when it ends. It has no timer: requests move it. */
export class OutlierWindow {
  readonly spec: OutlierSpec;
  private readonly test: OutlierTest;
  private readonly tallies = new Map<Endpoint, Tally>();
  private endMs = -Infinity;

  constructor(spec: OutlierSpec, test: OutlierTest) {
    this.spec = spec;
    this.test = test;
  }

  /** Call `isDue` before. */
  add(endpoint: Endpoint, value: number): void {
    const tally = this.tallies.get(endpoint);
    if (tally === undefined) {
      this.tallies.set(endpoint, { endpoint, requests: 1, sum: value });
      return;
    }
    tally.requests++;
    tally.sum += value;
  }

  /** An interval has ended, for `close` to compare. After a pause of another one what is known is old, and forgotten. */
  isDue(nowMs: number): boolean {
    if (nowMs < this.endMs) return false;
    if (nowMs < this.endMs + this.spec.intervalMs) return true;
    this.begin(nowMs);
    return false;
  }

  /** Those that stand out, the worst first, and all that had enough requests to tell. Begins the next interval. */
  close(nowMs: number): { readonly outliers: readonly Outlier[]; readonly judged: readonly Tally[] } {
    const { minEndpoints, minRequests, factor } = this.spec;
    const judged = [...this.tallies.values()].filter(
      ({ endpoint, requests }) => requests >= minRequests && !endpoint.isRemoved,
    );
    this.begin(nowMs);
    return { outliers: judged.length < minEndpoints ? [] : this.test(judged, factor), judged };
  }

  private begin(nowMs: number): void {
    this.tallies.clear();
    this.endMs = nowMs + this.spec.intervalMs;
  }
}
