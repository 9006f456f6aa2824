import type { ReportedProblem } from "./reported-problem.ts";

/** Where the errors of a configuration are: what two versions say of the same mistake may read differently. */
export function problemPlaces(problems: readonly ReportedProblem[]): string[] {
  return problems.filter(({ severity }) => severity === "error").map(placeOf);
}

/**
 * The errors that a running process does not have. What cannot be read at all always counts: it goes on with the last
 * good state of that, which is lost with it.
 */
export function newProblems(
  problems: readonly ReportedProblem[],
  known: readonly string[],
): ReportedProblem[] {
  const places = new Set(known);
  return problems.filter(
    (problem) => problem.severity === "error" && (problem.kind === "" || !places.has(placeOf(problem))),
  );
}

const placeOf = ({ kind, name, field }: ReportedProblem): string => `${kind} ${name} ${field}`;
