import { percentile } from "../rig/statistics.ts";
import type { Outcome } from "./load.ts";

/** What clients saw of one fault behind one proxy. */
export interface Trial {
  gets: number;
  failedGets: number;
  posts: number;
  failedPosts: number;
  /** came to an origin twice, though nobody said that they may */
  repeatedPosts: number;
  wrongBodies: number;
  /** of GETs that were due while the origin was bad, failed ones included */
  p99Ms: number;
  /** until the bad origin got less than a quarter of a fair share; Infinity: never; undefined: not to be avoided, or not to be seen */
  avoidedMs: number | undefined;
  /** how often clients saw what */
  failures: Readonly<Record<string, number>>;
}

export interface TrialFacts {
  outcomes: readonly Outcome[];
  beganMs: number;
  endedMs: number;
  avoidedMs: number | undefined;
  repeatedPosts: number;
}

export function summariseTrial({ outcomes, beganMs, endedMs, avoidedMs, repeatedPosts }: TrialFacts): Trial {
  const gets = outcomes.filter(({ method }) => method === "GET");
  const posts = outcomes.filter(({ method }) => method === "POST");
  const hasFailed = ({ failure }: Outcome): boolean => failure !== "";
  const failures: Record<string, number> = {};
  for (const { method, failure } of outcomes.filter(hasFailed)) {
    failures[`${method} ${failure}`] = (failures[`${method} ${failure}`] ?? 0) + 1;
  }
  const meanwhile = gets.filter(({ atMs }) => atMs >= beganMs && atMs < endedMs);
  return {
    gets: gets.length,
    failedGets: gets.filter(hasFailed).length,
    posts: posts.length,
    failedPosts: posts.filter(hasFailed).length,
    repeatedPosts,
    wrongBodies: outcomes.filter(({ isWrong }) => isWrong).length,
    p99Ms: percentile(
      meanwhile.map(({ tookMs }) => tookMs),
      0.99,
    ),
    avoidedMs,
    failures,
  };
}
