import type { CanaryAnalysis } from "../compile/index.ts";
import { errorPercent, latencyP99, type Counts } from "./figures.ts";

/** "good"; "too-few" requests to say so; or what is wrong. */
export type Verdict =
  | { readonly kind: "good" | "too-few" }
  | { readonly kind: "breach"; readonly reason: string };

/** Whether a canary is within its bounds, by what it and the stable backend have counted of late. */
export function judge(analysis: CanaryAnalysis, canary: Counts, stable: Counts): Verdict {
  const { maxErrorPercent, maxLatencyP99Ms, maxLatencyRatio, minRequests } = analysis;
  if (canary.requests < minRequests) return { kind: "too-few" };
  const errors = errorPercent(canary);
  if (errors > maxErrorPercent)
    return breach(`${percent(errors)} errors, of which at most ${percent(maxErrorPercent)} are allowed`);
  const p99 = latencyP99(canary);
  if (p99 > maxLatencyP99Ms) return breach(`p99 ${ms(p99)}, at most ${ms(maxLatencyP99Ms)} is allowed`);
  const base = latencyP99(stable);
  // Without enough to compare with there is no ratio.
  if (stable.requests >= minRequests && base > 0 && p99 > base * maxLatencyRatio)
    return breach(
      `p99 ${ms(p99)} is ${(p99 / base).toFixed(1)} times the stable ${ms(base)}, at most ${maxLatencyRatio} is allowed`,
    );
  return { kind: "good" };
}

const breach = (reason: string): Verdict => ({ kind: "breach", reason });

const percent = (value: number): string => `${Number(value.toFixed(2))} %`;
const ms = (value: number): string => `${Number(value.toFixed(value < 10 ? 1 : 0))} ms`;

/** `1043 requests, 0.2 % errors, p99 82 ms` */
export function describeCounts(counts: Counts): string {
  return `${counts.requests} requests, ${percent(errorPercent(counts))} errors, p99 ${ms(latencyP99(counts))}`;
}
