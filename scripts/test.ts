// Runs test suites: `node scripts/test.ts unit e2e [PART_OF_PATH…] [--node-test-option…]`.
import { spawn } from "node:child_process";
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { isNoSource, root } from "./repository.ts";
import { groupTestFiles, needsOwnProcess, type TestGroup } from "./test/groups.ts";
import { parseTestRequest, pickTestFiles, suites, type Suite, type TestRequest } from "./test/suites.ts";

/** Two files at a time: socket and timing tests stay honest on a machine of two cores. */
const CONCURRENCY = 2;
const TEST_TIMEOUT_MS = 120_000;
/** Stripped and compiled sources, kept from one process of a run to the next: each test file and each `heddle` is one. */
const COMPILE_CACHE = path.join(root, "node_modules/.cache/heddle-compile");
/** Modules that import the files of a group each. */
const GROUPS = path.join(root, `node_modules/.cache/heddle-tests-${process.pid}`);

const findFiles = (suite: Suite) => globSync(suite.globs, { cwd: root, exclude: isNoSource }).sort();

/** What `node --test` is to run for a group: the file itself, or a module that imports all of them. */
function writeEntry({ name, files }: TestGroup): string {
  const [first = ""] = files;
  if (files.length === 1) return first;
  const entry = path.join(GROUPS, `${name}.mjs`);
  mkdirSync(GROUPS, { recursive: true });
  writeFileSync(
    entry,
    files.map((file) => `import "${pathToFileURL(path.join(root, file)).href}";\n`).join(""),
  );
  return entry;
}

const isAlone = (file: string) => needsOwnProcess(readFileSync(path.join(root, file), "utf8"));

function run(request: TestRequest, files: string[]): void {
  const limitMinutes = request.suites.reduce((sum, name) => sum + (suites[name]?.limitMinutes ?? 0), 0);
  const options = [
    `--test-concurrency=${CONCURRENCY}`,
    `--test-timeout=${TEST_TIMEOUT_MS}`,
    ...request.nodeArgs,
  ];
  // A process group of its own, so that a hung run ends with all that it started.
  const child = spawn(
    process.execPath,
    ["--test", ...options, ...groupTestFiles(files, isAlone).map(writeEntry)],
    {
      cwd: root,
      stdio: "inherit",
      detached: true,
      env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...process.env },
    },
  );
  const stop = () => child.pid !== undefined && process.kill(-child.pid, "SIGKILL");
  const limit = setTimeout(() => {
    console.error(`tests ran longer than ${limitMinutes} minutes and were stopped; a test or a handle hangs`);
    stop();
  }, limitMinutes * 60_000);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);
  child.on("exit", (code) => {
    clearTimeout(limit);
    rmSync(GROUPS, { recursive: true, force: true });
    process.exitCode = code ?? 1;
  });
}

try {
  const request = parseTestRequest(process.argv.slice(2));
  run(request, pickTestFiles(request, findFiles));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
