// Writes the packages that are published to dist/packages: JavaScript, types, package.json, README, LICENSE.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import {
  rewriteDeclarationImports,
  rewriteManifest,
  rewriteUrls,
  type SourceManifest,
} from "./build/rewrite.ts";
import { binPath, root } from "./repository.ts";

const out = path.join(root, "dist/packages");
const published = ["engine", "filters", "heddle"];

function compile(): void {
  const { status } = spawnSync(binPath("tsc"), ["--project", "scripts/build/tsconfig.json"], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) throw new Error("the packages do not compile");
  const stray = readdirSync(out).filter((name) => !published.includes(name));
  if (stray.length > 0) throw new Error(`published code imports packages that are not: ${stray.join(", ")}`);
  const [test] = globSync("**/*.{test,suite}.*", { cwd: out });
  if (test !== undefined) throw new Error(`a test would be published: ${test}`);
}

/** Rewrites, in place, the names of files that the compiler leaves as they are. */
function rewriteFileNames(): void {
  rewriteFiles("**/*.d.ts", rewriteDeclarationImports);
  for (const { file, text } of rewriteFiles("**/*.js", rewriteUrls)) {
    for (const [, target = ""] of text.matchAll(/new\s+URL\(\s*["'](\.[^"'\n]+\.js)["']/g)) {
      if (existsSync(path.join(path.dirname(file), target))) continue;
      throw new Error(`${path.relative(out, file)} starts ${target}, which was not built`);
    }
  }
}

/** Gives the files that changed. */
function rewriteFiles(glob: string, rewrite: (text: string) => string): { file: string; text: string }[] {
  const changed: { file: string; text: string }[] = [];
  for (const file of globSync(glob, { cwd: out }).map((name) => path.join(out, name))) {
    const before = readFileSync(file, "utf8");
    const text = rewrite(before);
    if (text === before) continue;
    writeFileSync(file, text);
    changed.push({ file, text });
  }
  return changed;
}

/** Everything that is no TypeScript and no test's: pages, the launcher, the filters' READMEs. */
function copyAssets(name: string): void {
  const from = path.join(root, "packages", name);
  const isLeftOut = (file: string) =>
    /(^|\/)(node_modules|testdata)(\/|$)/.test(file) || file.endsWith(".ts") || file === "package.json";
  for (const entry of globSync("**/*", {
    cwd: from,
    withFileTypes: true,
    exclude: (e) => isLeftOut(e.name),
  })) {
    const file = path.relative(from, path.join(entry.parentPath, entry.name));
    if (entry.isFile() && !isLeftOut(file)) cpSync(path.join(from, file), path.join(out, name, file));
  }
}

function finish(name: string): void {
  const from = path.join(root, "packages", name);
  const to = path.join(out, name);
  cpSync(path.join(root, "LICENSE"), path.join(to, "LICENSE"));
  const source = JSON.parse(readFileSync(path.join(from, "package.json"), "utf8")) as SourceManifest;
  const readme = path.join(to, "README.md");
  if (!existsSync(readme)) writeFileSync(readme, `# ${source.name}\n\n${source.description ?? ""}\n`);
  const files = readdirSync(to).sort();
  writeFileSync(
    path.join(to, "package.json"),
    `${JSON.stringify(rewriteManifest(source, files), null, 2)}\n`,
  );
  for (const bin of Object.values(source.bin ?? {})) chmodSync(path.join(to, bin), 0o755);
}

function build(): void {
  rmSync(out, { recursive: true, force: true });
  for (const name of published) mkdirSync(path.join(out, name), { recursive: true });
  compile();
  rewriteFileNames();
  for (const name of published) {
    copyAssets(name);
    finish(name);
  }
  console.log(`built ${published.map((name) => `dist/packages/${name}`).join(", ")}`);
}

try {
  build();
} catch (error) {
  console.error(`build failed: ${(error as Error).message}`);
  process.exitCode = 1;
}
