import type { FilterSpec } from "@heddle/engine/model";
import type { FilterCode, OwnFilterConfig } from "@heddle/filters";
import { heddleGroup, keyOf, makeKey, type Filter, type ResourceKey } from "../../resources/index.ts";
import type { Collector } from "../pass/collector.ts";
import type { CompileOptions } from "../io/compile-io.ts";
import type { DataSource } from "../data/data-source.ts";
import { readRejection, readResource, type FactName, type FactReader, type Facts } from "../pass/facts.ts";
import type { GatewayFilterSpec } from "./filter-specs.ts";
import { readEntry } from "../credentials/key-set-names.ts";
import type { CompileMemo } from "../pass/memo.ts";
import type { OwnFilterState, OwnFilterStates } from "../io/own-filter-io.ts";
import type { RequestPlace } from "./policy-filters.ts";
import { requestPlace } from "./request-place.ts";
import { durationMs } from "../routes/route-settings.ts";
import { goodUnless, makeFinding, verdictOf, type ConditionsStatus, type Finding } from "../io/status.ts";

/** A filter of the user's, ready to be built, with what has to be there for it. */
export interface OwnFilterPlan {
  readonly spec: GatewayFilterSpec & FilterSpec;
  readonly clusters: readonly string[];
  /** Names of data units. */
  readonly data: readonly string[];
}

const filterKind: Filter["kind"] = "Filter";
/** As `filterCodePrefix` of @heddle/filters, of which compile takes types alone. */
const codePrefix = "filter-code";
const entryPrefix = "filter-data";

const stateFact = (key: ResourceKey): FactName => `~own-filter/${key}`;
const codeFact = (hash: string): FactName => `~own-filter-code/${hash}`;

/** Makes what became of the modules readable, each by itself. */
export function addOwnFilterFacts(facts: Facts, memo: CompileMemo, { filters, code }: OwnFilterStates): void {
  for (const [key, state] of filters) {
    const fact = stateFact(key);
    facts.set(fact, memo.keepValue(fact, state));
  }
  for (const [hash, value] of code) facts.set(codeFact(hash), value);
}

/** The Filter of that name as a filter of a rule or a policy; `path` is that of the reference. */
export function planOwnFilter(
  namespace: string,
  name: string,
  path: string,
  at: Pick<RequestPlace, "facts" | "resolve">,
): OwnFilterPlan | Finding {
  const shown = `${filterKind} ${namespace}/${name}`;
  const filter = readResource(at.facts, filterKind, namespace, name);
  if (filter === undefined) {
    const mistakes = readRejection(at.facts, makeKey(heddleGroup, filterKind, namespace, name));
    return mistakes === undefined
      ? makeFinding("FilterNotFound", path, `there is no ${shown}; create it, or remove the reference`)
      : makeFinding("InvalidFilter", path, `${shown} has errors, mend them: ${mistakes}`);
  }
  const { code, findings } = lookAt(filter, at);
  if (code === null) return makeFinding("InvalidFilter", path, `${shown}: ${verdictOf(findings)!.message}`);
  const { backends, data } = refsOf(filter, at);
  const unresolved = verdictOf([...backends.findings, ...data.findings]);
  if (unresolved !== null) return makeFinding("InvalidFilter", path, `${shown}: ${unresolved.message}`);
  const config: OwnFilterConfig = {
    filter: `${namespace}/${name}`,
    name: code.name,
    code: code.hash,
    export: filter.spec.export,
    config: code.config,
    budgetMs: durationMs(filter.spec.budget),
    backends: Object.fromEntries(backends.named),
    data: Object.fromEntries(data.named),
  };
  return {
    spec: { name: "own", config, countsAs: config.filter },
    clusters: backends.named.map(([, cluster]) => cluster),
    data: [`${codePrefix}/${code.hash}`, ...data.named.map(([, unit]) => unit)],
  };
}

function lookAt(filter: Filter, { facts }: Pick<RequestPlace, "facts">): OwnFilterState {
  const state = facts.read(stateFact(keyOf(filter))) as OwnFilterState | undefined;
  const unseen = makeFinding("Pending", "spec.module", "was not looked at yet");
  return state ?? { code: null, findings: [unseen] };
}

interface Refs {
  readonly named: readonly (readonly [string, string])[];
  readonly findings: readonly Finding[];
}

function refsOf(filter: Filter, at: Pick<RequestPlace, "facts" | "resolve">): { backends: Refs; data: Refs } {
  return { backends: backendsOf(filter, at), data: entriesOf(filter, at.facts) };
}

function backendsOf(filter: Filter, { resolve }: Pick<RequestPlace, "resolve">): Refs {
  const named: [string, string][] = [];
  const findings: Finding[] = [];
  for (const [index, ref] of filter.spec.backends.entries()) {
    const resolved = resolve(ref, `spec.backends[${index}]`, keyOf(filter));
    if ("finding" in resolved) findings.push(resolved.finding);
    else named.push([ref.as, resolved.cluster]);
  }
  return { named, findings };
}

function entriesOf({ spec, metadata: { namespace } }: Filter, facts: FactReader): Refs {
  const named: [string, string][] = [];
  const findings: Finding[] = [];
  for (const [index, { as, kind, name, key }] of spec.data.entries()) {
    const path = `spec.data[${index}]`;
    if (readEntry(facts, kind, namespace, name, key) === undefined)
      findings.push(
        makeFinding("DataNotFound", path, `there is no key ${key} of ${kind} ${namespace}/${name}`),
      );
    else named.push([as, [entryPrefix, ...[kind, namespace, name, key].map(encodeURIComponent)].join("/")]);
  }
  return { named, findings };
}

/** The code that filters are built from, by its hash. */
export const filterCodeSource: DataSource = {
  prefix: codePrefix,
  compile: (hash, facts): FilterCode | undefined => facts.read(codeFact(hash)) as FilterCode | undefined,
};

/** Texts of Secrets and ConfigMaps that filters read. */
export const filterDataSource: DataSource = {
  prefix: entryPrefix,
  compile(name, facts) {
    const [kind, namespace, object, key] = name.split("/").map(decodeURIComponent);
    return readEntry(facts, kind!, namespace!, object!, key!);
  },
};

interface FilterReport {
  readonly status: ConditionsStatus;
  readonly findings: readonly Finding[];
}

/** The statuses of Filters, used by a route or not. */
export function reportOwnFilters(
  facts: Facts,
  options: CompileOptions,
  memo: CompileMemo,
  collector: Collector,
): void {
  for (const filter of facts.ofKind(filterKind)) {
    const key = keyOf(filter);
    const { status, findings } = memo.of(key, filter, facts, (reader) => report(filter, reader, options));
    collector.status(key, status);
    collector.findings(key, findings);
  }
}

/** Accepted: its configuration is what its code takes. ResolvedRefs: the code, and what it asks for, is there. */
function report(filter: Filter, facts: FactReader, options: CompileOptions): FilterReport {
  const at = requestPlace(facts, options);
  const { code, findings } = lookAt(filter, at);
  const refs = refsOf(filter, at);
  const refused = findings.filter(({ path }) => path.startsWith("spec.config"));
  const unresolved = [
    ...findings.filter((one) => !refused.includes(one)),
    ...refs.backends.findings,
    ...refs.data.findings,
  ];
  const { generation } = filter.metadata;
  const note = code === null ? "" : `version ${code.hash.slice(0, 12)} of ${code.name} is in force`;
  return {
    status: {
      conditions: [
        goodUnless("Accepted", verdictOf(refused), "Accepted", generation),
        goodUnless("ResolvedRefs", verdictOf(unresolved), "ResolvedRefs", generation, note),
      ],
    },
    findings: [...refused, ...unresolved],
  };
}
