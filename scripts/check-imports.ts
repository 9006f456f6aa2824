// Checks that imports point downward and go through doors; the table is scripts/imports/rules.ts.
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { checkImports, type Tree } from "./imports/check.ts";
import { isNoSource, root } from "./repository.ts";

const read = (file: string) => readFileSync(path.join(root, file), "utf8");

function readTree(): Tree {
  const folders = ["packages", "scripts", "bench", "test", "examples"];
  const find = (pattern: string) =>
    globSync(pattern, { cwd: root, exclude: isNoSource })
      .map((file) => file.split(path.sep).join("/"))
      .sort();
  const files = find(`{${folders.join(",")}}/**/*.{ts,js}`);
  const manifests = [...find(`{packages,examples}/*/package.json`), "package.json"];
  return {
    sources: new Map(files.map((file) => [file, read(file)])),
    dependencies: new Map(
      manifests.map((file) => [file.slice(0, -"/package.json".length), declaredNames(read(file))]),
    ),
  };
}

function declaredNames(manifest: string): string[] {
  const parsed = JSON.parse(manifest) as Record<string, Record<string, string> | undefined>;
  const fields = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];
  return fields.flatMap((field) => Object.keys(parsed[field] ?? {}));
}

const tree = readTree();
const problems = checkImports(tree);
for (const { file, line, message } of problems) console.error(`${file}:${line} ${message}`);
if (problems.length > 0) {
  console.error(`${problems.length} import problems in ${tree.sources.size} files`);
  process.exitCode = 1;
} else {
  console.log(`imports are in order in ${tree.sources.size} files`);
}
