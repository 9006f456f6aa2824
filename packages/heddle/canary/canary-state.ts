import type { CanaryPlan } from "../compile/index.ts";

/** Where a canary stands: what is kept over a restart. */
export interface CanaryState {
  /** Of what it was planned for: another plan begins anew. */
  readonly plan: string;
  readonly phase: "progressing" | "promoted" | "rolledBack";
  /** From 0 on: the one that it is in, or was in last. */
  readonly step: number;
  /** Milliseconds since the epoch when that began. */
  readonly sinceMs: number;
  /** In words, with figures. */
  readonly verdict: string;
}

/** Names the plan's content. */
export function planText({ stable, canary, steps, analysis, revision }: CanaryPlan): string {
  return JSON.stringify([stable, canary, steps, Object.entries(analysis).map(String), revision]);
}

/** Percent of the requests that go to the canary now. */
export function weightOf({ phase, step }: CanaryState, { steps }: CanaryPlan): number {
  switch (phase) {
    case "progressing":
      return steps[step]!.weight;
    case "promoted":
      return 100;
    case "rolledBack":
      return 0;
  }
}
