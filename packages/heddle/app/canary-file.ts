import { readFile, rename, writeFile } from "node:fs/promises";
import type { Log } from "@heddle/engine/runtime";
import type { CanaryState } from "../canary/index.ts";

const phases: readonly unknown[] = ["progressing", "promoted", "rolledBack"];

/** The file of the state folder that says where canaries stand, so that a restart goes on with them. */
export class CanaryFile {
  private readonly file: string;
  private readonly log: Log;
  private writing: Promise<void> = Promise.resolve();
  private last = "";
  /** What is to be written once the file is ours; null where it is, or there is nothing. */
  private held: string | null = null;
  private isHeld: boolean;

  /** `isSecond`: another process keeps the file until `takeOver`. */
  constructor(file: string, log: Log, isSecond: boolean = false) {
    this.file = file;
    this.log = log;
    this.isHeld = isSecond;
  }

  /** The process before writes no more. */
  takeOver(): void {
    this.isHeld = false;
    const { held } = this;
    this.held = null;
    if (held !== null) this.keep(held);
  }

  /** Nothing where there is none, or none that can be understood, which the log tells. */
  async read(): Promise<ReadonlyMap<string, CanaryState>> {
    try {
      const states = JSON.parse(await readFile(this.file, "utf8")) as Record<string, CanaryState>;
      return new Map(Object.entries(states).filter(([, state]) => isState(state)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT")
        this.log("warn", "canaries begin anew, since what was known of them cannot be read", {
          file: this.file,
        });
      return new Map();
    }
  }

  /** One after the other, each whole. */
  write(states: ReadonlyMap<string, CanaryState>): void {
    const text = `${JSON.stringify(Object.fromEntries(states), null, 2)}\n`;
    if (this.isHeld) this.held = text;
    else this.keep(text);
  }

  private keep(text: string): void {
    if (text === this.last) return;
    this.last = text;
    this.writing = this.writing.then(() => this.replace(text));
  }

  private async replace(text: string): Promise<void> {
    try {
      const temporary = `${this.file}.tmp`;
      await writeFile(temporary, text, { mode: 0o600 });
      await rename(temporary, this.file);
    } catch (error) {
      this.log("warn", "where canaries stand cannot be kept: after a restart they begin anew", {
        cause: (error as Error).message,
      });
    }
  }
}

/** As far as it matters: the plan's text says whether the rest fits. */
const isState = (state: CanaryState | null): boolean =>
  typeof state?.plan === "string" &&
  phases.includes(state.phase) &&
  Number.isInteger(state.step) &&
  Number.isFinite(state.sinceMs) &&
  typeof state.verdict === "string";
