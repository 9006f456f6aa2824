import type { CanaryPlan } from "../compile/index.ts";
import { planText, type CanaryState } from "./canary-state.ts";
import { countsBetween, readCounts, type Counts, type Totals } from "./figures.ts";
import { describeCounts, judge } from "./judge.ts";

/**
 * One canary on its way.
 *
 *   progressing, step n ─(pause over, and judged good)─► step n+1 … ─► promoted
 *        └──(judged bad, at any time)──► rolledBack           a changed plan begins anew, from either
 *
 * Each judgement is of requests since the last one, so that good hours do not hide a bad minute; with too few of them
 * it waits for more.
 */
export class CanaryRun {
  readonly plan: CanaryPlan;
  state: CanaryState;
  private readonly registry: Totals;
  /** Where the window under judgement begins. */
  private canaryFrom: Counts;
  private stableFrom: Counts;
  /** Of the last good judgement of this step; "" before it. */
  private goodFigures = "";

  constructor(plan: CanaryPlan, known: CanaryState | undefined, registry: Totals, nowMs: number) {
    this.plan = plan;
    this.registry = registry;
    const text = planText(plan);
    this.state =
      known?.plan === text
        ? known
        : { plan: text, phase: "progressing", step: 0, sinceMs: nowMs, verdict: "begun" };
    this.canaryFrom = readCounts(registry, plan.canary);
    this.stableFrom = readCounts(registry, plan.stable);
  }

  /** Looks at the counters. Says whether the state has changed. */
  tick(nowMs: number): boolean {
    if (this.state.phase !== "progressing") return false;
    const before = this.state;
    const canary = countsBetween(this.canaryFrom, readCounts(this.registry, this.plan.canary));
    const stable = countsBetween(this.stableFrom, readCounts(this.registry, this.plan.stable));
    const verdict = judge(this.plan.analysis, canary, stable);
    const figures = `${describeCounts(canary)}; stable: ${describeCounts(stable)}`;
    if (verdict.kind === "breach") {
      this.state = {
        ...before,
        phase: "rolledBack",
        sinceMs: nowMs,
        verdict: `${verdict.reason} (${figures})`,
      };
      return true;
    }
    if (verdict.kind === "good") {
      this.goodFigures = figures;
      this.beginWindow();
    }
    this.state = { ...before, verdict: verdict.kind === "good" ? figures : `too few to judge: ${figures}` };
    const { pauseMs } = this.plan.steps[before.step]!;
    if (nowMs - before.sinceMs >= pauseMs && this.goodFigures !== "") this.advance(nowMs);
    const { phase, step, verdict: now } = this.state;
    return now !== before.verdict || step !== before.step || phase !== before.phase;
  }

  private advance(nowMs: number): void {
    const { step } = this.state;
    const isLast = step === this.plan.steps.length - 1;
    const next = isLast ? ({ phase: "promoted" } as const) : { step: step + 1 };
    this.state = { ...this.state, ...next, sinceMs: nowMs, verdict: this.goodFigures };
    this.goodFigures = "";
    this.beginWindow();
  }

  private beginWindow(): void {
    this.canaryFrom = readCounts(this.registry, this.plan.canary);
    this.stableFrom = readCounts(this.registry, this.plan.stable);
  }
}
