import type { Clock, ClockTimer } from "@heddle/engine/base";
import type { CanaryPlan, StatusCondition } from "../compile/index.ts";
import type { ResourceKey } from "../resources/index.ts";
import { CanaryRun } from "./canary-run.ts";
import { weightOf, type CanaryState } from "./canary-state.ts";
import type { Totals } from "./figures.ts";

export interface CanaryServiceOptions {
  readonly clock: Clock;
  readonly registry: Totals;
  /** What `save` got last in the process before, by rule: it may be of plans that are no more. */
  readonly saved: ReadonlyMap<string, CanaryState>;
  save(states: ReadonlyMap<string, CanaryState>): void;
  log(level: "info" | "warn", message: string): void;
  /** The configuration is to be put in force anew: weights or statuses have changed. */
  refresh(): Promise<void>;
}

/** All canaries: asked by each configuration what their weights are, and looking at counters in between. */
export class CanaryService {
  private readonly options: CanaryServiceOptions;
  private readonly runs = new Map<string, CanaryRun>();
  private readonly timers = new Map<string, ClockTimer>();

  constructor(options: CanaryServiceOptions) {
    this.options = options;
  }

  /** Percent of the requests that each canary has now, by rule. */
  get weights(): ReadonlyMap<string, number> {
    return new Map([...this.runs].map(([id, { state, plan }]) => [id, weightOf(state, plan)]));
  }

  /** From now on these. Says whether weights are others than before, or than `steps` begin with. */
  want(plans: readonly CanaryPlan[]): boolean {
    const before = this.weights;
    const ids = new Set(plans.map(({ id }) => id));
    let isChanged = false;
    for (const id of this.runs.keys()) if (!ids.has(id)) isChanged = this.forget(id);
    for (const plan of plans) if (this.follow(plan)) isChanged = true;
    if (isChanged) this.save();
    const after = this.weights;
    return plans.some(({ id, steps }) => after.get(id) !== (before.get(id) ?? steps[0]!.weight));
  }

  /** Says whether it begins, or begins anew. */
  private follow(plan: CanaryPlan): boolean {
    const { clock, registry } = this.options;
    const known = this.runs.get(plan.id);
    if (known !== undefined && JSON.stringify(known.plan) === JSON.stringify(plan)) return false;
    const state = known?.state ?? this.options.saved.get(plan.id);
    const run = new CanaryRun(plan, state, registry, clock.wallMs());
    this.runs.set(plan.id, run);
    this.watch(run);
    if (run.state === state) return false;
    this.tell(run);
    return true;
  }

  private forget(id: string): boolean {
    this.timers.get(id)?.cancel();
    this.timers.delete(id);
    return this.runs.delete(id);
  }

  private watch(run: CanaryRun): void {
    const { id, analysis } = run.plan;
    this.timers.get(id)?.cancel();
    if (run.state.phase === "progressing")
      this.timers.set(
        id,
        this.options.clock.after(analysis.intervalMs, () => this.look(run)),
      );
  }

  private look(run: CanaryRun): void {
    const { phase, step } = run.state;
    const isChanged = run.tick(this.options.clock.wallMs());
    this.watch(run);
    if (!isChanged) return;
    if (run.state.phase !== phase || run.state.step !== step) {
      this.tell(run);
      this.save();
    }
    void this.options.refresh();
  }

  private tell({ plan, state }: CanaryRun): void {
    const level = state.phase === "rolledBack" ? "warn" : "info";
    this.options.log(level, `canary of ${plan.id}: ${describe(plan, state)}`);
  }

  private save(): void {
    this.options.save(new Map([...this.runs].map(([id, { state }]) => [id, state])));
  }

  /** What to say of the canaries of a policy; null where it has none. */
  conditionOf(policy: ResourceKey): StatusCondition | null {
    const own = [...this.runs.values()].filter(({ plan }) => plan.policy === policy);
    if (own.length === 0) return null;
    const phases = new Set(own.map(({ state }) => state.phase));
    const phase = phases.has("rolledBack")
      ? "rolledBack"
      : phases.has("progressing")
        ? "progressing"
        : "promoted";
    const message = own.map(({ plan, state }) => `${plan.id}: ${describe(plan, state)}`).join("; ");
    return { type: "Canary", ...outcomes[phase], message: message.slice(0, 32_768) };
  }

  close(): void {
    for (const timer of this.timers.values()) timer.cancel();
    this.timers.clear();
  }
}

const outcomes = {
  progressing: { status: "Unknown", reason: "Progressing" },
  promoted: { status: "True", reason: "Promoted" },
  rolledBack: { status: "False", reason: "RolledBack" },
} as const;

function describe({ steps }: CanaryPlan, { phase, step, verdict }: CanaryState): string {
  switch (phase) {
    case "progressing":
      return `step ${step + 1} of ${steps.length}, ${steps[step]!.weight} %: ${verdict}`;
    case "promoted":
      return `promoted, 100 %: ${verdict}`;
    case "rolledBack":
      return `rolled back in step ${step + 1} of ${steps.length}, 0 %: ${verdict}`;
  }
}
