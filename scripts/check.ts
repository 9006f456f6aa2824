// What must hold before each commit: format, lint, types, import directions, the lock file, unit tests. With `--static`
// without the tests, where these have just been run.
import { describeResult, runStep, type Step, type StepResult } from "./check/step.ts";
import { binPath, root } from "./repository.ts";

const script = (name: string, ...args: string[]) => ({
  command: process.execPath,
  args: [`scripts/${name}`, ...args],
});

const staticSteps: Step[] = [
  { name: "format", command: binPath("oxfmt"), args: ["--check"] },
  { name: "lint", command: binPath("oxlint"), args: ["--deny-warnings"] },
  { name: "types", command: binPath("tsc"), args: ["--noEmit"] },
  { name: "imports", ...script("check-imports.ts") },
  { name: "lock", ...script("complete-lock.ts", "--check") },
];
const unitTests: Step = { name: "unit", ...script("test.ts", "unit") };

async function run(step: Step): Promise<StepResult> {
  const result = await runStep(step, root);
  console.log(describeResult(result));
  return result;
}

// The tests come after: beside the type checker they would wait for the processor and miss their times.
const tests = process.argv.includes("--static") ? [] : [unitTests];
const announce = (steps: readonly Step[]) =>
  console.log(`...    ${steps.map(({ name }) => name).join(", ")}`);
announce(staticSteps);
const results = await Promise.all(staticSteps.map(run));
for (const step of tests) {
  announce([step]);
  results.push(await run(step));
}
const failed = results.filter(({ ok }) => !ok);
if (failed.length > 0) {
  console.error(`check failed: ${failed.map(({ name }) => name).join(", ")}`);
  process.exitCode = 1;
}
