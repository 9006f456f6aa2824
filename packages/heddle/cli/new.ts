import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Command } from "commander";
import { isBelow, projectOf } from "../app/index.ts";
import { exitCodes, UsageError } from "./exit-codes.ts";
import { filterFiles, projectManifest, readmeLines } from "./filter-files.ts";
import type { Terminal } from "./terminal.ts";
import { version } from "./version.ts";

export function addNew(program: Command, terminal: Terminal, finish: (code: number) => void): void {
  const make = program.command("new").summary("begin a filter of your own").helpCommand(false);
  make.description("Makes the files to begin with.");
  make
    .command("filter")
    .summary("make a filter with its test")
    .description(
      "Makes a filter of your own: its module, its test and the YAML that attaches it; a package.json where the project has " +
        "none, and lines in the folder's README.md. Nothing that is there is written over. See docs/guide/filters.md.\n" +
        "Exit codes: 0 made, 1 something of it is there, 2 a wrong command line.",
    )
    .argument("<NAME>", "lower-case letters, digits and hyphens, such as tenant-header")
    .option("--folder <DIR>", "where its files go", "filters")
    .action(async (name: string, flags: { folder: string }) =>
      finish(await makeFilter(name, flags.folder, terminal)),
    );
}

async function makeFilter(name: string, folder: string, terminal: Terminal): Promise<number> {
  if (!/^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$/.test(name))
    throw new UsageError(
      `${JSON.stringify(name)} is no name of a filter: give lower-case letters, digits and hyphens, at most 40, such as tenant-header`,
    );
  const files = Object.entries(filterFiles(name)).map(
    ([file, text]) => [path.join(folder, file), text] as const,
  );
  for (const [file] of files) {
    if (existsSync(file)) throw new Error(`${file} is there already; give another name, or --folder`);
  }
  await mkdir(folder, { recursive: true });
  const project = projectOf(path.resolve(folder));
  if (!existsSync(path.join(project, "package.json"))) {
    const home = isBelow(path.resolve(folder), process.cwd()) ? "." : folder;
    const manifest = path.join(home, "package.json");
    await writeFile(manifest, projectManifest(path.basename(path.resolve(home)), version), { flag: "wx" });
    terminal.out(`${manifest}\n`);
  }
  for (const [file, text] of files) {
    await writeFile(file, text, { flag: "wx" });
    terminal.out(`${file}\n`);
  }
  const readme = path.join(folder, "README.md");
  const before = existsSync(readme) ? await readFile(readme, "utf8") : "";
  await writeFile(readme, readmeLines(name, folder, before));
  terminal.out(`${readme}\n\n${nextSteps(name, folder)}`);
  return exitCodes.done;
}

function nextSteps(name: string, folder: string): string {
  const yaml = path.join(folder, `${name}.yaml`);
  return (
    "npm install\n" +
    `node --test ${path.join(folder, `${name}.test.ts`)}\n` +
    `npx heddle run -f ${yaml} --route localhost=http://127.0.0.1:3000\n`
  );
}
