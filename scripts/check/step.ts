import { spawn } from "node:child_process";

/** One command of the check. */
export interface Step {
  name: string;
  command: string;
  args: readonly string[];
}

export interface StepResult {
  name: string;
  ok: boolean;
  seconds: number;
  /** Everything that the command printed, in order. */
  output: string;
}

/** Runs a command to its end in `cwd`; never rejects: a command that cannot start is a failed step. */
export function runStep(step: Step, cwd: string): Promise<StepResult> {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    let output = "";
    const finish = (ok: boolean) =>
      resolve({ name: step.name, ok, seconds: (performance.now() - startedAt) / 1000, output });
    const child = spawn(step.command, step.args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.on("error", (error) => {
      output += `cannot start ${step.command}: ${error.message}\n`;
      finish(false);
    });
    child.on("close", (code) => finish(code === 0));
  });
}

/** The line of one step, and under it the output of a step that failed. */
export function describeResult({ name, ok, seconds, output }: StepResult): string {
  const line = `${ok ? "ok    " : "FAILED"} ${name.padEnd(8)} ${seconds.toFixed(1).padStart(5)} s`;
  return ok ? line : `${line}\n${output.trimEnd().replaceAll(/^/gm, "  ")}`;
}
