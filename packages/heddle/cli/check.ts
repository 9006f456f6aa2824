import type { Command } from "commander";
import { checkPaths, formatProblem, type CheckResult } from "../app/index.ts";
import { exitCodes, UsageError } from "./exit-codes.ts";
import { assertPathsExist, defaultPort, outputOption, pathsOrDefault } from "./options.ts";
import { paint, type Terminal } from "./terminal.ts";

export function addCheck(program: Command, terminal: Terminal, finish: (code: number) => void): void {
  program
    .command("check")
    .summary("check a configuration without running it")
    .description(
      "Prints what is wrong with a configuration, a line each:\n" +
        "  file:line:column: severity: Kind namespace/name field: message\n" +
        "A heddle.config.ts is run for it.\nExit codes: 0 no errors, 1 errors, 2 a wrong command line.",
    )
    .argument("[PATH...]", "files and folders (default: the heddle.config.ts of the current folder)")
    .addOption(outputOption())
    .action(async (paths: string[], flags: { output: "text" | "json" }) =>
      finish(await check(paths, flags.output, terminal)),
    );
}

async function check(given: readonly string[], format: "text" | "json", terminal: Terminal): Promise<number> {
  const paths = await pathsOrDefault(given);
  if (paths.length === 0) throw new UsageError("name a file or folder to check: heddle check gateway.yaml");
  await assertPathsExist(paths);
  const result = await checkPaths(paths, defaultPort);
  const errors = result.problems.filter(({ severity }) => severity === "error").length;
  const warnings = result.problems.length - errors;
  const { problems, resourceCount } = result;
  if (format === "json") {
    terminal.out(`${JSON.stringify({ problems, resources: resourceCount, errors, warnings }, null, 2)}\n`);
  } else printCheck(result, errors, warnings, terminal);
  return errors === 0 ? exitCodes.done : exitCodes.failed;
}

function printCheck(
  { problems, resourceCount }: CheckResult,
  errors: number,
  warnings: number,
  terminal: Terminal,
): void {
  for (const problem of problems) {
    const line = formatProblem(problem);
    terminal.out(`${paint(terminal, problem.severity === "error" ? "red" : "yellow", line)}\n`);
  }
  const none = resourceCount + errors + warnings > 0 ? "" : "; what is read ends with .yaml, .yml or .json";
  terminal.out(
    `${count(resourceCount, "resource")}: ${count(errors, "error")}, ${count(warnings, "warning")}${none}\n`,
  );
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;
