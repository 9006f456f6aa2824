import { unitKey, type Unit } from "@heddle/engine/model";
import type { ResourceKey, Service } from "../../resources/index.ts";
import type { AcmeRequest } from "../io/acme-io.ts";
import { mergeCanaries } from "../routes/canary.ts";
import type { CanaryPlan } from "../io/canary-io.ts";
import type { PolicySource } from "../policies/policy-source.ts";
import type { CompileOutput, HashedUnit } from "../io/compile-io.ts";
import { problemOf, type CompileProblem } from "../io/compile-problem.ts";
import type { Facts } from "./facts.ts";
import { hashUnit } from "./hash-unit.ts";
import type { CompileMemo } from "./memo.ts";
import { StatusTable, type StatusOf } from "./status-table.ts";
import type { Finding, Status } from "../io/status.ts";

/** What is gathered of each of thousands. */
interface Compiled extends StatusOf {
  readonly units: readonly HashedUnit[];
}

/** Gathers the output of one run. */
export class Collector {
  private readonly units = new Map<string, HashedUnit>();
  private readonly statuses = new Map<ResourceKey, Status>();
  private results: readonly Compiled[] = [];
  /** How many units and statuses come before those of routes. */
  private before = { units: 0, statuses: 0 };
  private readonly problems: CompileProblem[] = [];
  private readonly sources = new Map<string, readonly PolicySource[]>();
  private requests: readonly AcmeRequest[] = [];
  private readonly services: Service[] = [];
  private readonly shifts: CanaryPlan[] = [];

  unit(hashed: HashedUnit): void {
    this.units.set(unitKey(hashed.unit), hashed);
  }

  /** Hashes a unit that is the same object as long as its content is. */
  unitOf(memo: CompileMemo, facts: Facts, unit: Unit): void {
    this.unit(memo.of(`hash:${unitKey(unit)}`, unit, facts, () => hashUnit(unit)));
  }

  status(key: ResourceKey, status: Status): void {
    this.statuses.set(key, status);
  }

  /** Once, of all routes: no two of them share a unit. */
  routes(results: readonly Compiled[]): void {
    this.results = results;
    this.before = { units: this.units.size, statuses: this.statuses.size };
  }

  problem(key: ResourceKey, path: string, message: string, severity: CompileProblem["severity"]): void {
    this.problems.push({ key, path, message, severity });
  }

  findings(key: ResourceKey, findings: readonly (Finding | null)[]): void {
    for (const finding of findings) if (finding !== null) this.problems.push(problemOf(key, finding));
  }

  problemsOf(problems: readonly CompileProblem[]): void {
    for (const problem of problems) this.problems.push(problem);
  }

  policies(of: string, sources: readonly PolicySource[]): void {
    if (sources.length > 0) this.sources.set(of, sources);
  }

  certificates(requests: readonly AcmeRequest[]): void {
    this.requests = requests;
  }

  canaries(plans: readonly CanaryPlan[]): void {
    for (const plan of plans) this.shifts.push(plan);
  }

  generated(service: Service): void {
    this.services.push(service);
  }

  output(): CompileOutput {
    return {
      units: this.allUnits(),
      statuses: new StatusTable(this.statuses, this.results, this.before.statuses),
      problems: this.problems,
      policies: this.sources,
      certificates: this.requests,
      generated: this.services,
      canaries: mergeCanaries(this.shifts),
    };
  }

  private allUnits(): HashedUnit[] {
    const others = [...this.units.values()];
    const units = others.slice(0, this.before.units);
    for (let at = 0; at < this.results.length; at++) {
      const own = this.results[at]!.units;
      for (let i = 0; i < own.length; i++) units.push(own[i]!);
    }
    for (let at = this.before.units; at < others.length; at++) units.push(others[at]!);
    return units;
  }
}
