import { ChunkedList, onceForChunk } from "@heddle/engine/base";
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
  private results = ChunkedList.of<Compiled>([]);
  /** How many units and statuses come before those of routes. */
  private before = { units: 0, statuses: 0 };
  private readonly problems: CompileProblem[] = [];
  private readonly sources: Sources[] = [];
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
  routes(results: ChunkedList<Compiled>): void {
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
    if (sources.length > 0) this.sources.push([[of, sources]]);
  }

  policiesOf(sources: Sources): void {
    if (sources.length > 0) this.sources.push(sources);
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

  output(memo: CompileMemo): CompileOutput {
    const { sources } = this;
    let policies: ReadonlyMap<string, readonly PolicySource[]> | null = null;
    return {
      units: this.allUnits(memo),
      statuses: new StatusTable(this.statuses, this.results, this.before.statuses),
      problems: this.problems,
      get policies() {
        policies ??= new Map(sources.flat());
        return policies;
      },
      certificates: this.requests,
      generated: this.services,
      canaries: mergeCanaries(this.shifts),
    };
  }

  private allUnits(memo: CompileMemo): ChunkedList<HashedUnit> {
    const others = [...this.units.values()];
    const { units } = this.before;
    return ChunkedList.join([
      memo.inChunks("units before those of routes", others.slice(0, units)),
      this.results.mapChunks(unitsOf),
      memo.inChunks("units behind those of routes", others.slice(units)),
    ]);
  }
}

/** By what they act on. */
type Sources = readonly (readonly [string, readonly PolicySource[]])[];

const unitsOf = onceForChunk((results: readonly Compiled[]) => results.flatMap(({ units }) => units));
