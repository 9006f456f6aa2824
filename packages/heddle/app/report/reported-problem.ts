import { onceForChunk } from "@heddle/engine/base";
import type {
  CompileOutput,
  CompileProblem,
  ConditionsStatus,
  Status,
  StatusCondition,
  StatusOf,
  StatusTable,
} from "../../compile/index.ts";
import { parseKey, type ResourceKey } from "../../resources/index.ts";
import type { DesiredState, Origin, SourcedResource } from "../../sources/index.ts";

/** One thing to mend, as `heddle check` prints it. */
export interface ReportedProblem {
  /** "" where the resource is written nowhere. */
  readonly file: string;
  /** Both count from 1; 0 where the source has no lines. */
  readonly line: number;
  readonly column: number;
  readonly severity: "error" | "warning";
  /** "" for text that could not be read, so that nobody knows what it would be. */
  readonly kind: string;
  /** "namespace/name", or the name alone. */
  readonly name: string;
  /** Field path; "" for the resource as a whole. */
  readonly field: string;
  readonly message: string;
}

/** `file:line:column: severity: Kind namespace/name field: message`, on one line. */
export function formatProblem(problem: ReportedProblem): string {
  const { file, line, column, severity, kind, name, field, message } = problem;
  const place = [file, ...(line > 0 ? [line, column] : [])].join(":");
  const what = [kind, name, field].filter((part) => part !== "").join(" ");
  return oneLine([place, severity, what, message].filter((part) => part !== "").join(": "));
}

/** A terminal must not take orders from a file's content, nor a log a second line (threats 39). */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

export function oneLine(text: string): string {
  return text.replace(control, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

export interface ReportOptions {
  /** Unknown fields are errors in `heddle check` and warnings at run time. */
  readonly unknownFields: "error" | "warning";
}

/** Everything that is wrong, by file and line. */
export function collectProblems(
  desired: DesiredState,
  output: Pick<CompileOutput, "problems" | "statuses">,
  { unknownFields }: ReportOptions,
): ReportedProblem[] {
  const found: ReportedProblem[] = [];
  for (const { fileName, line = 0, column = 0, message } of desired.unreadable) {
    found.push({ file: fileName, line, column, severity: "error", kind: "", name: "", field: "", message });
  }
  const addAll = (one: WithProblems, kind: string): void => {
    for (const { path, message, severity } of one.problems) {
      found.push(
        at(one.origin, one.key, kind, path, message, severity === "error" ? "error" : unknownFields),
      );
    }
  };
  for (const one of desired.list.chunks.flatMap(withProblems)) addAll(one, parseKey(one.key).kind);
  for (const one of desired.rejected) addAll(one, one.kind);
  for (const { key, origin, message } of desired.duplicates) {
    found.push(at(origin, key, parseKey(key).kind, "", message, "error"));
  }
  const rejected = new Map(desired.rejected.map(({ key, origin }) => [key, origin]));
  const told = new Set<ResourceKey>(
    output.problems.filter(({ severity }) => severity === "error").map(({ key }) => key),
  );
  for (const problem of [...output.problems, ...badStatuses(output.statuses, told)]) {
    if (rejected.has(problem.key)) continue;
    const origin = desired.sourced.get(problem.key)?.origin;
    found.push(
      at(origin, problem.key, parseKey(problem.key).kind, problem.path, problem.message, problem.severity),
    );
  }
  return sortProblems(unique(found));
}

/** Few resources have any, so this is all that is looked at of thousands of which one changed. */
const withProblems = onceForChunk((chunk: readonly SourcedResource[]) =>
  chunk.filter(({ problems }) => problems.length > 0),
);

type WithProblems = Pick<DesiredState["rejected"][number], "key" | "problems" | "origin">;

function at(
  origin: Origin | undefined,
  key: ResourceKey | undefined,
  kind: string,
  field: string,
  message: string,
  severity: "error" | "warning",
): ReportedProblem {
  const { line = 0, column = 0 } = origin?.position(field) ?? {};
  const { namespace, name } = key === undefined ? { namespace: "", name: "" } : parseKey(key);
  const named = namespace === "" ? name : `${namespace}/${name}`;
  return { file: origin?.file ?? "", line, column, severity, kind, name: named, field, message };
}

/** Conditions that say no where no problem told why. */
function badStatuses(statuses: StatusTable, told: ReadonlySet<ResourceKey>): CompileProblem[] {
  const few = Array.from(statuses.few, ([key, status]) => ({ key, status }));
  const many = statuses.many.chunks.flatMap(badOnes).filter(({ key }) => !statuses.few.has(key));
  return [...badOnes(few), ...many].flatMap(({ key, status }) => {
    if (told.has(key)) return [];
    return conditionsOf(status)
      .filter(saysNo)
      .map(({ type, reason, message }): CompileProblem => {
        return { key, path: "", message: `${type} is False (${reason}): ${message}`, severity: "error" };
      });
  });
}

/** Of a chunk those that say no: mostly there is none. */
const badOnes = onceForChunk((chunk: readonly StatusOf[]) => chunk.filter(({ status }) => isBad(status)));

const saysNo = ({ type, status }: StatusCondition): boolean =>
  status !== "True" && (type === "Accepted" || type === "ResolvedRefs");

const isPartBad = ({ conditions }: ConditionsStatus): boolean => conditions.some(saysNo);

/** Whether some of its conditions say no. */
const isBad = (status: Status): boolean =>
  ("conditions" in status && status.conditions.some(saysNo)) ||
  ("parents" in status && status.parents.some(isPartBad)) ||
  ("listeners" in status && status.listeners.some(isPartBad)) ||
  ("ancestors" in status && status.ancestors.some(isPartBad));

function conditionsOf(status: Status): StatusCondition[] {
  const own = "conditions" in status ? status.conditions : [];
  const parents = "parents" in status ? status.parents : [];
  const listeners = "listeners" in status ? status.listeners : [];
  const ancestors = "ancestors" in status ? status.ancestors : [];
  return [...own, ...[...parents, ...listeners, ...ancestors].flatMap(({ conditions }) => conditions)];
}

function unique(problems: readonly ReportedProblem[]): ReportedProblem[] {
  return [...new Map(problems.map((problem) => [formatProblem(problem), problem])).values()];
}

function sortProblems(problems: ReportedProblem[]): ReportedProblem[] {
  const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return problems.sort((a, b) => byText(a.file, b.file) || a.line - b.line || a.column - b.column);
}
