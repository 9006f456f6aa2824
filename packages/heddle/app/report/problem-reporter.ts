import type { Log } from "@heddle/engine/runtime";
import type { AppliedConfiguration } from "../configuration/configuration.ts";
import { formatProblem } from "./reported-problem.ts";

/** Tells the log what a change did: each problem once while it stays, and when all are gone. */
export class ProblemReporter {
  private readonly log: Log;
  private known = new Set<string>();
  private isFirst = true;

  constructor(log: Log) {
    this.log = log;
  }

  report({ problems, version, resourceCount, changedUnits, durationMs }: AppliedConfiguration): void {
    const lines = new Map(problems.map((problem) => [formatProblem(problem), problem.severity]));
    for (const [line, severity] of lines) {
      if (!this.known.has(line)) this.log(severity === "error" ? "error" : "warn", line);
    }
    if (this.known.size > 0 && lines.size === 0)
      this.log("info", "the configuration has no problems any more");
    this.known = new Set(lines.keys());
    const facts = { version, resources: resourceCount, changed: changedUnits, ms: Math.round(durationMs) };
    if (!this.isFirst && changedUnits > 0) this.log("info", "configuration changed", facts);
    this.isFirst = false;
  }
}
