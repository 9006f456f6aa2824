import { readFile } from "node:fs/promises";
import type { Log } from "@heddle/engine/runtime";
import type { CanaryState } from "../../canary/index.ts";
import { KeptFile } from "./kept-file.ts";

const phases: readonly unknown[] = ["progressing", "promoted", "rolledBack"];

/** The file of the state folder that says where canaries stand, so that a restart goes on with them. */
export class CanaryFile {
  private readonly file: KeptFile;
  private readonly log: Log;

  /** `isSecond`: another process keeps the file until `takeOver`. */
  constructor(file: string, log: Log, isSecond: boolean = false) {
    const onFailed = (cause: string): void =>
      log("warn", "where canaries stand cannot be kept: after a restart they begin anew", { cause });
    this.file = new KeptFile(file, onFailed, isSecond);
    this.log = log;
  }

  /** The process before writes no more. */
  takeOver(): void {
    this.file.takeOver();
  }

  /** Nothing where there is none, or none that can be understood, which the log tells. */
  async read(): Promise<ReadonlyMap<string, CanaryState>> {
    const { file } = this.file;
    try {
      const states = JSON.parse(await readFile(file, "utf8")) as Record<string, CanaryState>;
      return new Map(Object.entries(states).filter(([, state]) => isState(state)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT")
        this.log("warn", "canaries begin anew, since what was known of them cannot be read", { file });
      return new Map();
    }
  }

  write(states: ReadonlyMap<string, CanaryState>): void {
    this.file.write(`${JSON.stringify(Object.fromEntries(states), null, 2)}\n`);
  }
}

/** As far as it matters: the plan's text says whether the rest fits. */
const isState = (state: CanaryState | null): boolean =>
  typeof state?.plan === "string" &&
  phases.includes(state.phase) &&
  Number.isInteger(state.step) &&
  Number.isFinite(state.sinceMs) &&
  typeof state.verdict === "string";
