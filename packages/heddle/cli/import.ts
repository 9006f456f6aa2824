import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { Option, type Command } from "commander";
import { stringify } from "yaml";
import { DocumentMistakes, importOpenApi } from "../app/index.ts";
import { exitCodes } from "./exit-codes.ts";
import { assertPathsExist, collect, defaultPort, parsePort } from "./options.ts";
import type { Terminal } from "./terminal.ts";

interface ImportFlags {
  readonly host?: string[];
  readonly backend: string;
  readonly gateway?: string;
  readonly name?: string;
  readonly rules: "operation" | "prefix";
  readonly port: number;
  readonly output?: string;
}

export function addImport(program: Command, terminal: Terminal, finish: (code: number) => void): void {
  program
    .command("import")
    .summary("make routes and a ContentPolicy of an OpenAPI document")
    .description(
      "Writes a Gateway, HTTPRoutes, a Backend, a ContentPolicy and a ConfigMap with the document (OpenAPI 3.0, 3.1).\n" +
        "Exit codes: 0 done, 1 the document has mistakes, 2 a wrong command line.",
    )
    .argument("<FILE>", "an OpenAPI document in YAML or JSON")
    .option("--host <HOST>", "a hostname of the routes; repeatable (default: every host)", collect)
    .option("--backend <URL>", "where the API is served", "http://127.0.0.1:3000")
    .option("--gateway <NAME>", "a Gateway that is there (default: one is written)")
    .option("--name <NAME>", "of everything that is written (default: the file's name)")
    .addOption(
      new Option("--rules <MODE>", "a rule for each path and method, or one for all")
        .choices(["operation", "prefix"])
        .default("operation"),
    )
    .option("--port <PORT>", "the listener of the Gateway that is written", parsePort, defaultPort)
    .option("-o, --output <FILE>", "where to write (default: standard output)")
    .action(async (file: string, flags: ImportFlags) => finish(await importFile(file, flags, terminal)));
}

async function importFile(file: string, flags: ImportFlags, terminal: Terminal): Promise<number> {
  await assertPathsExist([file]);
  const text = await readFile(file, "utf8");
  const { host: hosts = [], backend: backendUrl, gateway = null, rules, port } = flags;
  const name = flags.name ?? nameOf(file);
  try {
    const made = importOpenApi(text, { name, hosts, backendUrl, gateway, rules, port });
    const yaml = made.map((one) => stringify(one, { lineWidth: 0 })).join("---\n");
    if (flags.output === undefined) terminal.out(yaml);
    else await writeFile(flags.output, yaml);
    return exitCodes.done;
  } catch (error) {
    if (!(error instanceof DocumentMistakes)) throw error;
    for (const line of error.message.split("\n")) terminal.err(`heddle: ${file}: ${line}\n`);
    return exitCodes.failed;
  }
}

/** "Shop API.v2.yaml" is shop-api-v2. */
function nameOf(file: string): string {
  const base = path.basename(file, path.extname(file)).toLowerCase();
  const name = base.replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "");
  return name === "" ? "api" : name.slice(0, 50).replace(/-$/, "");
}
