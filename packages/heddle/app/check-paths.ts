import { compile, type CompileOutput, type HashedUnit } from "../compile/index.ts";
import { FileSource, joinReadings } from "../sources/index.ts";
import { makeCompileOptions, type CompileSettings } from "./configuration/compile-options.ts";
import { OwnFilterLink } from "./own-filters/own-filter-link.ts";
import { collectProblems, type ReportedProblem } from "./report/reported-problem.ts";

export interface CheckResult {
  readonly problems: readonly ReportedProblem[];
  readonly resourceCount: number;
  readonly units: readonly HashedUnit[];
  readonly policies: CompileOutput["policies"];
}

/**
 * Reads and compiles what `heddle run -f` would, and runs nothing but a heddle.config.ts and the modules of
 * Filters. `place`: where it would run; what
 * is not given is not known.
 */
export async function checkPaths(
  paths: readonly string[],
  routePort: number,
  place: Pick<CompileSettings, "zone" | "node"> = {},
): Promise<CheckResult> {
  const source = new FileSource({ paths, routePort });
  const desired = joinReadings(await source.read());
  const rejected = desired.rejected.flatMap(({ key, kind, problems, document }) =>
    key === undefined ? [] : [{ key, kind, problems, document }],
  );
  const options = {
    ...makeCompileOptions({ addressPool: null, controlAddresses: [], ...place }),
    nowMs: Date.now(),
  };
  const filters = new OwnFilterLink(() => {});
  const ownFilters = await filters.inspect(desired);
  filters.close();
  const output = compile({ resources: [...desired.resources.values()], rejected, options, ownFilters });
  return {
    problems: collectProblems(desired, output, { unknownFields: "error" }),
    resourceCount: desired.sourced.size + desired.rejected.length,
    units: output.units.toArray(),
    policies: output.policies,
  };
}
