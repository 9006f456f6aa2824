import { ChunkedList, onceForChunk, Pace, SteadyChunks } from "@heddle/engine/base";
import type { AcmeChallengeUnit } from "@heddle/engine/model";
import type { ApplyReport } from "@heddle/engine/runtime";
import {
  hashUnit,
  noAcmeStates,
  type AcmeRequest,
  type AcmeStates,
  type CanaryPlan,
  CompileMemo,
  compileInSlices,
  type CompileOptions,
  type CompileOutput,
  type HashedUnit,
  noOwnFilters,
  type OwnFilterStates,
  type PolicyStatus,
  remoteKeySets,
  type StatusCondition,
} from "../../compile/index.ts";
import { keyOf, type Resource, type ResourceKey } from "../../resources/index.ts";
import {
  JoinedReadings,
  runInSlices,
  type DesiredState,
  type Reading,
  type SourcedResource,
} from "../../sources/index.ts";
import type { Store, Stored } from "../../store/index.ts";
import { Births } from "../store/births.ts";
import { CompiledResources } from "../store/compiled-resources.ts";
import { GeneratedResources } from "../store/generated-resources.ts";
import { applyBindFailures, bindFailures, type EditableStatuses } from "../status/bind-failures.ts";
import { collectProblems, type ReportedProblem } from "../report/reported-problem.ts";
import type { KeySetLink } from "../links/key-set-link.ts";
import type { OwnFilterLink } from "../own-filters/own-filter-link.ts";
import type { ResolvedEndpoints } from "../links/resolved-endpoints.ts";
import { StatusWriter } from "../status/status-writer.ts";
import { StoreSync } from "../store/sync-store.ts";
import type { SystemAuthorities } from "../links/system-authorities.ts";

/** The part of the engine that a configuration is handed to. */
export interface UnitTarget {
  apply(units: ChunkedList<HashedUnit>): Promise<ApplyReport>;
}

/** What was put in force, and what is wrong with it. */
export interface AppliedConfiguration {
  readonly units: ChunkedList<HashedUnit>;
  readonly policies: CompileOutput["policies"];
  readonly listeners: ApplyReport["listeners"];
  readonly problems: readonly ReportedProblem[];
  readonly version: number;
  /** Resources that somebody wrote: without namespaces and classes that are there by themselves. */
  readonly resourceCount: number;
  readonly changedUnits: number;
  readonly durationMs: number;
}

export interface ConfigurationOptions {
  readonly store: Store;
  readonly target: UnitTarget;
  readonly compileOptions: Omit<CompileOptions, "nowMs">;
  /** Orders the certificates that listeners ask for. Default: nobody does. */
  readonly certificates?: CertificateSource;
  /** Gives clusters that trust the system its roots. Default: they trust those that Node brings. */
  readonly authorities?: SystemAuthorities;
  /** Says how much of the traffic canaries have. Default: each is at its first step. */
  readonly canaries?: CanarySource;
  /** Finds the addresses of DNS names. Default: the data plane does with each connection. */
  readonly endpoints?: ResolvedEndpoints;
  /** Fetches the key sets that policies name by URL. Default: nobody does, and their tokens are refused. */
  readonly keySets?: KeySetLink;
  /** Of the resources in the store. Default: nobody else asks. */
  readonly births?: Births;
  /** Between steps of the work. Default: other work of the thread has a turn each tenth of a millisecond. */
  readonly pace?: Pace;
  /** Looks at the modules of Filters. Default: none of them can be used. */
  readonly filters?: OwnFilterLink;
}

/** The part of Heddle that certificates are ordered from. */
export interface CertificateSource {
  readonly states: AcmeStates;
  /** What CAs may ask the data plane now. */
  readonly challenges: readonly AcmeChallengeUnit[];
  /** Takes over what is asked for; resolves to whether some of it was there already. */
  want(requests: readonly AcmeRequest[]): Promise<boolean>;
}

/** The part of Heddle that shifts traffic to canaries. */
export interface CanarySource {
  /** Percent, by rule. */
  readonly weights: ReadonlyMap<string, number>;
  /** Takes over which there are; says whether weights are others than those that compile had. */
  want(plans: readonly CanaryPlan[]): boolean;
  /** What to say on a policy; null where it has no canary. */
  conditionOf(policy: ResourceKey): StatusCondition | null;
}

/** One way from readings to the data plane and back to statuses; its calls must not overlap. */
export class Configuration {
  private readonly options: ConfigurationOptions;
  private joined = new JoinedReadings();
  private readonly pace: Pace;
  private readonly sync: StoreSync;
  private readonly generated: GeneratedResources;
  private readonly statuses: StatusWriter;
  private readonly memo = new CompileMemo();
  private ownFilters: OwnFilterStates = noOwnFilters;
  private readonly compiled = new CompiledResources();
  private readonly inputs = new SteadyChunks<Resource>();
  /** What sources gave last. */
  sourced = ChunkedList.of<SourcedResource>([]);

  constructor(options: ConfigurationOptions) {
    this.options = options;
    const { births = new Births(), pace = new Pace({ napMs: 0 }) } = options;
    this.pace = pace;
    this.sync = new StoreSync(options.store, births, pace);
    this.statuses = new StatusWriter(options.store, pace);
    this.generated = new GeneratedResources(options.store, births, pace);
  }

  async apply(readings: readonly Reading[]): Promise<AppliedConfiguration> {
    try {
      return await this.applyNow(readings);
    } catch (error) {
      // What changed was not all taken over: the next time all is looked at.
      this.joined = new JoinedReadings();
      throw error;
    }
  }

  private async applyNow(readings: readonly Reading[]): Promise<AppliedConfiguration> {
    const startMs = performance.now();
    const desired = await runInSlices(this.joined.join(readings), this.pace);
    this.sourced = desired.list;
    const invalid = new Set(desired.rejected.flatMap(({ key }) => key ?? []));
    await this.pace.rest();
    await this.generated.giveWay(desired.resources);
    await this.sync.sync(desired.resources, invalid, desired.changed);
    const stored = await this.options.store.listAll();
    const { authorities, canaries, certificates, endpoints, filters, keySets, target } = this.options;
    if (filters !== undefined) this.ownFilters = await filters.inspect(desired);
    await this.pace.rest();
    const compile = () => runInSlices(this.compile(stored, desired, invalid), this.pace);
    let output = await compile();
    // After a restart they are in force from the first moment on.
    if (await certificates?.want(output.certificates)) output = await compile();
    if (canaries?.want(output.canaries)) output = await compile();
    const challenges = (certificates?.challenges ?? []).map(hashUnit);
    const roots = authorities?.unitsFor(output.units) ?? [];
    const resolved = (await endpoints?.resolve(output.units)) ?? output.units;
    const units = (await keySets?.resolve(resolved)) ?? resolved;
    const added = [...challenges, ...roots];
    await this.pace.rest();
    const report = await target.apply(
      added.length === 0 ? units : ChunkedList.join([units, ChunkedList.of(added)]),
    );
    await this.pace.rest();
    const statuses = output.statuses.copy();
    const failed = applyBindFailures(statuses, bindFailures(output.units, report.listeners));
    for (const policy of new Set(output.canaries.map((plan) => plan.policy)))
      addCondition(statuses, policy, canaries?.conditionOf(policy) ?? null);
    for (const one of keySets?.isUsed === true ? stored.chunks.flatMap(withRemoteKeys) : []) {
      const condition = keySets!.conditionOf(one);
      if (condition !== null) addCondition(statuses, keyOf(one), condition);
    }
    await this.pace.rest();
    await this.generated.sync(output.generated);
    await this.statuses.write(statuses, (before, after) => this.compiled.wrote(before, after));
    await this.pace.rest();
    const problems = collectProblems(
      desired,
      { statuses, problems: [...output.problems, ...failed] },
      { unknownFields: "warning" },
    );
    return {
      units,
      get policies() {
        return output.policies;
      },
      listeners: report.listeners,
      problems,
      version: report.version,
      resourceCount: desired.sourced.size,
      changedUnits: report.changedUnits,
      durationMs: performance.now() - startMs,
    };
  }

  /**
   * What is invalid now keeps its last good state in the store, to carry a status. It has no effect, unless it guards
   * something: see `PolicyKind.failure`.
   */
  private *compile(
    stored: ChunkedList<Stored>,
    desired: DesiredState,
    invalid: ReadonlySet<ResourceKey>,
  ): Generator<void, CompileOutput> {
    const lastGood = new Map<ResourceKey, Resource>();
    const isInput = (one: Resource): boolean => {
      const key = keyOf(one);
      if (invalid.has(key)) lastGood.set(key, one);
      return !invalid.has(key) && !this.generated.has(key);
    };
    const compiled = yield* this.compiled.ofAll(stored);
    yield;
    const inputs: (readonly Resource[])[] = [];
    for (const chunk of compiled.chunks) {
      // Most have none of either, and to make the key of each of thousands costs more than the rest.
      const mayDiffer = invalid.size > 0 || kindsOf(chunk).some((kind) => this.generated.mayHave(kind));
      inputs.push(mayDiffer ? this.inputs.keep(chunk, chunk.filter(isInput)) : chunk);
      if (inputs.length % sliceLength === 0) yield;
    }
    const resources = ChunkedList.ofChunks(inputs);
    yield;
    const rejected = desired.rejected.flatMap(({ key, kind, problems, document }) => {
      if (key === undefined) return [];
      const before = lastGood.get(key);
      return [{ key, kind, problems, document, ...(before !== undefined && { lastGood: before }) }];
    });
    const options = { ...this.options.compileOptions, nowMs: Date.now() };
    const acme = this.options.certificates?.states ?? noAcmeStates;
    const canaryWeights = this.options.canaries?.weights ?? new Map<string, number>();
    const { ownFilters } = this;
    const input = { resources, rejected, options, acme, canaryWeights, ownFilters };
    return yield* compileInSlices(input, this.memo);
  }
}

/** Chunks between two yields. */
const sliceLength = 32;

const kindsOf = onceForChunk((chunk: readonly Resource[]) => [...new Set(chunk.map(({ kind }) => kind))]);

const withRemoteKeys = onceForChunk((chunk: readonly Stored[]) =>
  chunk.filter((one) => remoteKeySets(one).length > 0),
);

/** What the parts beside compile say of a policy, of each target that it holds for. */
function addCondition(
  statuses: EditableStatuses,
  policy: ResourceKey,
  condition: StatusCondition | null,
): void {
  const status = condition === null ? undefined : (statuses.get(policy) as PolicyStatus | undefined);
  if (condition === null || status === undefined) return;
  const ancestors = status.ancestors.map((one) => ({ ...one, conditions: [...one.conditions, condition] }));
  statuses.set(policy, { ...status, ancestors });
}
