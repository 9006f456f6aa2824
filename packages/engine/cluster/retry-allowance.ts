import type { Clock, Fault, FaultCode } from "../base/index.ts";
import type { ClusterSettings } from "../model/index.ts";
import { RetryBudget } from "./retry-budget.ts";

/** Which retries a cluster allows: by its budget, and by how many run at a time. */
export class RetryAllowance {
  private readonly clock: Clock;
  private budget: RetryBudget;
  private settings: ClusterSettings;
  /** Under way or waited for, and attempts beside others. */
  private retrying = 0;

  constructor(clock: Clock, settings: ClusterSettings) {
    this.clock = clock;
    this.settings = settings;
    this.budget = budgetOf(settings);
  }

  /** A change of anything else must not refill the budget. */
  update(settings: ClusterSettings): void {
    if (!hasSameBudget(settings, this.settings)) this.budget = budgetOf(settings);
    this.settings = settings;
  }

  /** A request came. */
  deposit(): void {
    this.budget.deposit();
  }

  /** See Cluster.mayRetry. */
  take(fault: Fault | null, takesPlace: boolean): boolean {
    if (takesPlace && this.retrying >= (this.settings.maxRetries ?? Infinity)) return false;
    const isFree = fault !== null && FREE.has(fault.code);
    if (!isFree && !this.budget.withdraw(this.clock.now())) return false;
    if (takesPlace) this.retrying++;
    return true;
  }

  /** So many places are free again. */
  ended(places: number): void {
    this.retrying -= places;
  }
}

/** What cost no endpoint any work. */
const FREE: ReadonlySet<FaultCode> = new Set(["HDL_UPSTREAM_CONNECT_FAILED", "HDL_UPSTREAM_REFUSED"]);

function budgetOf({ retryBudgetRatio, retryBudgetMinPerSecond, retryBudgetWindowMs }: ClusterSettings) {
  return new RetryBudget(retryBudgetRatio, retryBudgetMinPerSecond, retryBudgetWindowMs);
}

function hasSameBudget(a: ClusterSettings, b: ClusterSettings): boolean {
  return (
    a.retryBudgetRatio === b.retryBudgetRatio &&
    a.retryBudgetMinPerSecond === b.retryBudgetMinPerSecond &&
    a.retryBudgetWindowMs === b.retryBudgetWindowMs
  );
}
