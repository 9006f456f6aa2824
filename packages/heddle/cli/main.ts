import { Command, CommanderError } from "commander";
import { addCache } from "./cache.ts";
import { addCheck } from "./check.ts";
import { exitCodes, UsageError } from "./exit-codes.ts";
import { addExplain } from "./explain.ts";
import { addKey } from "./key.ts";
import { addNew } from "./new.ts";
import { addImport } from "./import.ts";
import { addRun } from "./run.ts";
import { openProcessTerminal, type Terminal } from "./terminal.ts";
import { version } from "./version.ts";

/** Runs one command line, without the names of Node and of the script. Resolves with the exit code, never rejects. */
export async function main(
  argv: readonly string[],
  terminal: Terminal = openProcessTerminal(),
): Promise<number> {
  let exitCode: number = exitCodes.done;
  const program = makeProgram(terminal, (code) => (exitCode = code));
  try {
    await program.parseAsync([...argv], { from: "user" });
    return exitCode;
  } catch (error) {
    return exitCodeOf(error as Error, terminal);
  }
}

function makeProgram(terminal: Terminal, finish: (code: number) => void): Command {
  const program = new Command("heddle")
    .description("API gateway, service mesh, discovery, API management and API security in one system.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this")
    .helpCommand(false)
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
      outputError: (text, write) => write(text.replace(/^error: /, "heddle: ")),
    });
  addRun(program, terminal, finish);
  addCheck(program, terminal, finish);
  addExplain(program, terminal, finish);
  addKey(program, terminal, finish);
  addCache(program, terminal, finish);
  addNew(program, terminal, finish);
  addImport(program, terminal, finish);
  program.addHelpText("after", "\nGuides and reference: docs/guide and docs/reference in the repository.");
  return program;
}

function exitCodeOf(error: Error, terminal: Terminal): number {
  if (error instanceof CommanderError) {
    // Help and version are asked for; help for want of a command is not.
    const isAsked = error.code === "commander.helpDisplayed" || error.code === "commander.version";
    return isAsked ? exitCodes.done : exitCodes.usage;
  }
  terminal.err(`heddle: ${error.message}\n`);
  if (!(error instanceof UsageError)) return exitCodes.failed;
  terminal.err("heddle: --help lists commands and options\n");
  return exitCodes.usage;
}
